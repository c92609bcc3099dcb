import { MillraceError, quote } from '../base/errors.ts'
import { isCount, isDuration } from '../base/number.ts'
import { backoffAfter } from '../events/queueing.ts'

/** How often, and when, an event is dispatched again whose dispatch failed. */
export interface RetryOptions {
  /** How often an event is dispatched before it is set aside; later ones wait meanwhile. @default 5 */
  readonly attempts?: number
  /**
   * How long to wait after a failed dispatch, in ms: always the same, or after the first, the second and so on, where the last stands
   * for all that follow. @default [100, 1_000, 5_000, 15_000]
   */
  readonly backoff?: number | readonly number[]
}

export interface RetryPolicy {
  readonly attempts: number
  /** How long to wait after dispatch number `attempt`, from 1, has failed. */
  after(attempt: number): number
}

const defaultBackoff = [100, 1_000, 5_000, 15_000]

/** @throws {MillraceError} `option_invalid` */
export function toRetryPolicy({ attempts = 5, backoff = defaultBackoff }: RetryOptions): RetryPolicy {
  const list = typeof backoff === 'number' ? [backoff] : backoff
  if (!isCount(attempts)) throw invalid('attempts', 'an integer of 1 or more', attempts)
  if (!Array.isArray(list) || list.length === 0 || !list.every(isDuration)) {
    throw invalid('backoff', 'a number of milliseconds, 0 or more, or a list of such', backoff)
  }
  return { attempts, after: (attempt) => backoffAfter(attempt, list) }
}

export function invalid(option: string, wanted: string, value: unknown): MillraceError {
  return new MillraceError('option_invalid', `The relay's option ${option} must be ${wanted}, not ${quote(value)}.`)
}
