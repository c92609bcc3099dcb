import { MillraceError, quote } from '../base/errors.ts'
import { isCount, isDuration } from '../base/number.ts'
import type { Job } from '../queue/job.ts'
import type { Event } from './define.ts'
import { nameFault } from './name.ts'
import { toStored } from './stored.ts'

/** How a queued listener is run. Times are milliseconds. `Received` is its event. */
export interface QueueOptions<Received extends Event = Event> {
  /** Which queue: each has its own order and its own share of the work. @default 'default' */
  readonly name?: string
  /** How long a job waits at least before its first run. @default 0 */
  readonly delay?: number
  /** How often it is run at most, the first run included; 1 never retries. @default 3 */
  readonly attempts?: number
  /**
   * How long it waits after a failed run: always the same, or after the first, the second and so on, where the last
   * stands for all that follow. @default [1_000, 5_000]
   */
  readonly backoff?: number | readonly number[]
  /** How long a run may take: then its signal aborts, and the run has failed. @default no limit */
  readonly timeout?: number
  /** No run begins later: so long after the dispatch, or at the moment that a function names. @default no limit */
  readonly retryUntil?: number | ((event: Received) => Date | number)
  /** Whether the event is queued at all; asked in the dispatch. @default always */
  readonly when?: (event: Received) => boolean | Promise<boolean>
  /**
   * While a job of this listener waits or runs, an event adds no other one: with `true` whatever the event, with a function for those
   * that it gives the same key. @default false
   */
  readonly unique?: boolean | ((event: Received) => string)
  /**
   * How many jobs of this queue a process runs at a time. It is the queue's: listeners of one queue that name it name the same.
   * @default 10
   */
  readonly concurrency?: number
}

/** {@link QueueOptions}, checked and with the defaults filled in. */
export interface Queueing {
  readonly name: string
  readonly delay: number
  readonly attempts: number
  /** Never empty. */
  readonly backoff: readonly number[]
  readonly timeout: number | undefined
  readonly concurrency: number | undefined
  readonly when: ((event: Event) => boolean | Promise<boolean>) | undefined
  /** The last moment at which a run may begin, of a dispatch at `now`. */
  readonly until: ((event: Event, now: number) => number) | undefined
  readonly unique: ((event: Event) => string) | undefined
}

/** Retried, because work that may fail for a moment (a mail server, a push service) is what people queue. */
const defaults = { name: 'default', delay: 0, attempts: 3, backoff: [1_000, 5_000] } as const

/**
 * The application's options with the defaults filled in.
 *
 * @throws {MillraceError} `option_invalid` for a value out of range.
 */
export function toQueueing(given: true | QueueOptions): Queueing {
  const options: QueueOptions = given === true ? {} : given
  const { name = defaults.name, delay = defaults.delay, attempts = defaults.attempts } = options
  const { timeout, retryUntil, when, unique = false, concurrency } = options
  const backoff = typeof options.backoff === 'number' ? [options.backoff] : (options.backoff ?? defaults.backoff)
  const fault = nameFault(name)
  if (fault !== undefined) throw new MillraceError('option_invalid', `The queue option name ${fault}.`)
  if (!isDuration(delay)) throw invalid('delay', 'a number of milliseconds, 0 or more', delay)
  if (!isCount(attempts)) throw invalid('attempts', 'an integer of 1 or more', attempts)
  if (!Array.isArray(backoff) || backoff.length === 0 || !backoff.every(isDuration)) {
    throw invalid('backoff', 'a number of milliseconds, 0 or more, or a list of such', backoff)
  }
  if (timeout !== undefined && (!isDuration(timeout) || timeout === 0)) {
    throw invalid('timeout', 'a number of milliseconds, more than 0', timeout)
  }
  if (retryUntil !== undefined && typeof retryUntil !== 'function' && !isDuration(retryUntil)) {
    throw invalid('retryUntil', 'a number of milliseconds, 0 or more, or a function that gives a moment', retryUntil)
  }
  if (when !== undefined && typeof when !== 'function') throw invalid('when', 'a function', when)
  if (typeof unique !== 'boolean' && typeof unique !== 'function') throw invalid('unique', 'true or a function', unique)
  if (concurrency !== undefined && !isCount(concurrency)) {
    throw invalid('concurrency', 'an integer of 1 or more', concurrency)
  }
  return {
    name,
    delay,
    attempts,
    backoff: [...backoff],
    timeout,
    concurrency,
    when,
    until: retryUntil === undefined ? undefined : (event, now) => momentOf(retryUntil, event, now),
    unique: unique === false ? undefined : unique === true ? () => '' : unique,
  }
}

/**
 * The job of one listener for one event.
 *
 * @throws {MillraceError} `job_invalid` where JSON does not keep the event's data: with every driver and at once, else a listener would
 * get a string where its type says `Date`, and only once the queue is a durable one; or for a `unique` or `retryUntil` that gives nonsense.
 */
export function toJob(event: Event, listener: string, queueing: Queueing, now: number): Job {
  const { name, delay, attempts, backoff, timeout } = queueing
  const until = queueing.until?.(event, now)
  const key = queueing.unique?.(event)
  if (until !== undefined && !Number.isFinite(until)) throw unusable(listener, 'retryUntil', 'a moment', until)
  if (key !== undefined && typeof key !== 'string') throw unusable(listener, 'unique', 'a string', key)
  return {
    id: toJobId(event, listener),
    queue: name,
    listener,
    event: toStored(event, `queued for listener ${quote(listener)}`),
    delay,
    attempts,
    backoff,
    ...(timeout === undefined ? {} : { timeout }),
    ...(until === undefined ? {} : { until }),
    ...(key === undefined ? {} : { unique: `${listener}/${key}` }),
  }
}

/** The same event for the same listener is the same job. */
export function toJobId({ id }: Event, listener: string): string {
  return `${id}/${listener}`
}

/** How long to wait after run number `attempt` has failed, in milliseconds. */
export function backoffAfter(attempt: number, backoff: readonly number[]): number {
  return backoff[Math.min(attempt, backoff.length) - 1] ?? 0
}

function momentOf(retryUntil: NonNullable<QueueOptions['retryUntil']>, event: Event, now: number): number {
  return typeof retryUntil === 'number' ? now + retryUntil : Number(retryUntil(event))
}

function invalid(option: string, wanted: string, value: unknown): MillraceError {
  return new MillraceError('option_invalid', `The queue option ${option} must be ${wanted}, not ${quote(value)}.`)
}

function unusable(listener: string, option: string, wanted: string, value: unknown): MillraceError {
  const message = `The queue option ${option} of listener ${quote(listener)} must give ${wanted}, not ${quote(value)}.`
  return new MillraceError('job_invalid', message)
}
