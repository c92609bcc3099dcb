import { MillraceError, quote } from '../base/errors.ts'

/** How much of a channel the log keeps: a message goes as soon as any one of the three is passed. */
export interface Retention {
  /** Messages. 0 keeps none: the channel is ephemeral, its messages have no position and no promise. */
  readonly count: number
  /** Milliseconds since it was published. */
  readonly age: number
  /** Bytes of data, as UTF-8, of the whole channel. The newest message is kept even if it is larger. */
  readonly bytes: number
}

/** A retention in short: a count of messages, or any of the three limits. */
export type History = number | Partial<Retention>

/** Ten thousand messages, a day, 64 MiB: whatever comes first. */
export const defaultRetention: Retention = { count: 10_000, age: 24 * 60 * 60 * 1000, bytes: 64 * 1024 * 1024 }

/** @throws {MillraceError} `option_invalid` for anything but whole numbers, 0 or more */
export function toRetention(history: History | undefined, base: Retention = defaultRetention): Retention {
  if (history === undefined) return base
  const retention = typeof history === 'number' ? { ...base, count: history } : { ...base, ...history }
  for (const [name, value] of Object.entries(retention)) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new MillraceError(
        'option_invalid',
        `The history's ${name} is ${quote(value)}. Give a whole number, 0 or more.`,
      )
    }
  }
  return retention
}

/** Whether a channel keeps nothing. */
export function isEphemeral({ count, age, bytes }: Retention): boolean {
  return count === 0 || age === 0 || bytes === 0
}
