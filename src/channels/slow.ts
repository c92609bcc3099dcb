import { MillraceError, quote } from '../base/errors.ts'

/** What becomes of a reader for whom more than its outbox waits. */
export const slowPolicies = ['catch-up', 'conflate', 'disconnect'] as const

/**
 * - `catch-up`: it is pushed nothing more, and reads the log at its own pace until it is at the head again.
 * - `conflate`: it does so too, and while it catches up gets only the latest message of each key. What has no key it gets all of.
 * - `disconnect`: its stream is cut. It comes back with its cursor, and catches up.
 */
export type SlowPolicy = (typeof slowPolicies)[number]

/** @throws {MillraceError} `option_invalid` */
export function assertSlowPolicy(value: unknown): asserts value is SlowPolicy {
  if (slowPolicies.some((policy) => policy === value)) return
  throw new MillraceError(
    'option_invalid',
    `The option slow is ${quote(value)}. Give one of ${slowPolicies.join(', ')}.`,
  )
}
