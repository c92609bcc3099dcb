import { MillraceError, quote } from '../base/errors.ts'
import type { JobOptions, QueueOptions } from './port.ts'

/** Retried, because work that may fail for a moment (a mail server, a push service) is what people queue. */
const defaults: JobOptions = { name: 'default', delay: 0, attempts: 3, backoff: [1_000, 5_000] }

/**
 * The application's options with the defaults filled in.
 *
 * @throws {MillraceError} `option_invalid` for a value out of range.
 */
export function toJobOptions(options: true | QueueOptions): JobOptions {
  if (options === true) return defaults
  const { name = defaults.name, delay = defaults.delay, attempts = defaults.attempts } = options
  const backoff = typeof options.backoff === 'number' ? [options.backoff] : (options.backoff ?? defaults.backoff)
  if (typeof name !== 'string' || name === '') throw invalid('name', 'a string that is not empty', name)
  if (!isDuration(delay)) throw invalid('delay', 'a number of milliseconds, 0 or more', delay)
  if (!Number.isSafeInteger(attempts) || attempts < 1) throw invalid('attempts', 'an integer of 1 or more', attempts)
  if (!Array.isArray(backoff) || backoff.length === 0 || !backoff.every(isDuration)) {
    throw invalid('backoff', 'a number of milliseconds, 0 or more, or a list of such', backoff)
  }
  return { name, delay, attempts, backoff: [...backoff] }
}

/** How long to wait after run number `attempt` has failed, in milliseconds. */
export function backoffAfter(attempt: number, { backoff }: JobOptions): number {
  return backoff[Math.min(attempt, backoff.length) - 1] ?? 0
}

function isDuration(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function invalid(option: string, wanted: string, value: unknown): MillraceError {
  return new MillraceError('option_invalid', `The queue option ${option} must be ${wanted}, not ${quote(value)}.`)
}
