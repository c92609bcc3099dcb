import type { Clock } from '../base/clock.ts'
import { MillraceError, quote } from '../base/errors.ts'
import { isDuration } from '../base/number.ts'
import type { Job } from '../queue/job.ts'
import type { Outcome } from '../queue/port.ts'
import type { Event } from './define.ts'
import type { JobContext } from './listener.ts'
import { backoffAfter } from './queueing.ts'

/** One run of a queued listener: its signal, what the listener says of it, and what becomes of the job. */
export class JobRun {
  readonly #job: Job
  readonly #attempt: number
  readonly #clock: Clock
  readonly #abort = new AbortController()
  /** What was decided before the listener returned. */
  #decided: Outcome | undefined
  #cut: (outcome: Outcome) => void = () => {}

  constructor(job: Job, attempt: number, clock: Clock) {
    this.#job = job
    this.#attempt = attempt
    this.#clock = clock
  }

  /**
   * Runs `listener` for the event. A run that takes too long, or that is broken off, is over at once, whether or not the listener
   * heeds its signal: one that hangs must not hold its place for ever.
   */
  async of(event: Event, listener: (event: Event, context: JobContext) => unknown): Promise<Outcome> {
    const isCut = new Promise<Outcome>((resolve) => {
      this.#cut = resolve
    })
    const endTimeout = this.#limit(this.#job.timeout)
    try {
      return await Promise.race([this.#run(event, listener), isCut])
    } finally {
      endTimeout()
    }
  }

  /** Ends the run, and gives the job back. */
  breakOff(error: MillraceError): void {
    this.#end({ kind: 'returned', error })
  }

  async #run(event: Event, listener: (event: Event, context: JobContext) => unknown): Promise<Outcome> {
    try {
      await listener(event, this.#contextOf(event))
      return this.#decided ?? { kind: 'done' }
    } catch (error) {
      return this.#decided ?? outcomeOfFailure(this.#job, this.#attempt, error, this.#clock.now())
    }
  }

  #contextOf(event: Event): JobContext {
    return {
      event,
      attempt: this.#attempt,
      signal: this.#abort.signal,
      retry: (after, error) => this.#retry(after, error),
      fail: (error = this.#error('said that no run will do it')) => {
        this.#decided ??= { kind: 'failed', error, attempts: this.#attempt }
      },
    }
  }

  #retry(after: number | undefined, error: unknown): void {
    if (after !== undefined && !isDuration(after)) {
      const message = `retry takes milliseconds, 0 or more, not ${quote(after)}.`
      throw new MillraceError('option_invalid', message)
    }
    const reason = error ?? this.#error('asked to be run again')
    this.#decided ??= outcomeOfFailure(this.#job, this.#attempt, reason, this.#clock.now(), after)
  }

  #limit(timeout: number | undefined): () => void {
    if (timeout === undefined) return () => {}
    return this.#clock.after(timeout, () => {
      const error = new MillraceError('listener_timeout', `${this.#subject()} took longer than ${timeout} ms.`, {
        data: { listener: this.#job.listener, timeout },
      })
      this.#end(outcomeOfFailure(this.#job, this.#attempt, error, this.#clock.now()))
    })
  }

  #end(outcome: Exclude<Outcome, { kind: 'done' }>): void {
    this.#cut(outcome)
    this.#abort.abort(outcome.error)
  }

  #error(what: string): MillraceError {
    return new MillraceError('listener_failed', `${this.#subject()} ${what}.`)
  }

  #subject(): string {
    return `Queued listener ${quote(this.#job.listener)}`
  }
}

/** What becomes of a job whose run number `attempt` has failed. @param after How long it waits, in ms; by default as its backoff says */
export function outcomeOfFailure(
  { attempts, backoff, until = Number.POSITIVE_INFINITY }: Job,
  attempt: number,
  error: unknown,
  now: number,
  after: number = backoffAfter(attempt, backoff),
): Exclude<Outcome, { kind: 'done' }> {
  return attempt < attempts && now + after <= until
    ? { kind: 'retry', after, error }
    : { kind: 'failed', error, attempts: attempt }
}
