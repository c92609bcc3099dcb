import type { Clock } from '../base/clock.ts'
import { MillraceError, type OnError, quote } from '../base/errors.ts'
import { jobRunProbe } from '../base/probe.ts'
import { withinTrace } from '../base/tracer.ts'
import type { Job } from '../queue/job.ts'
import type { JobHandler, Outcome, Queue } from '../queue/port.ts'
import type { Event } from './define.ts'
import { reasonOf } from './dispatch-error.ts'
import { JobRun, outcomeOfFailure } from './job-run.ts'
import type { Listeners } from './listeners.ts'
import type { Queueing } from './queueing.ts'
import { asRun } from './run.ts'
import { fromStored } from './stored.ts'
import { ordersGiven, type WorkOptions, whenReady } from './work.ts'

export interface WorkerOptions {
  readonly queue: Queue
  readonly listeners: Listeners
  readonly work: boolean | WorkOptions
  readonly clock: Clock
  readonly onError: OnError
}

/** Where neither a listener nor the process says how many of its jobs run at a time. */
const defaultConcurrency = 10

/** Runs this process's share of the jobs, and decides what becomes of each. */
export class Worker implements JobHandler {
  readonly #queue: Queue
  readonly #listeners: Listeners
  readonly #clock: Clock
  readonly #onError: OnError
  readonly #share: WorkOptions | undefined
  readonly #concurrency = new Map<string, number>()
  readonly #wanted = new Set<string>()
  readonly #working = new Set<string>()
  readonly #runs = new Set<JobRun>()
  /** What the runs were told that were broken off, once the worker waits no longer. */
  #stopped: MillraceError | undefined

  constructor({ queue, listeners, work, clock, onError }: WorkerOptions) {
    this.#queue = queue
    this.#listeners = listeners
    this.#clock = clock
    this.#onError = onError
    const share = ordersGiven()?.work ?? work
    this.#share = share === false ? undefined : share === true ? {} : share
    for (const name of this.#share?.queues ?? []) this.#want(name)
  }

  /**
   * Takes note of a queued listener.
   *
   * @throws {MillraceError} `option_invalid` where another listener of the queue has named another concurrency, or work has begun.
   */
  serve({ name, concurrency }: Queueing): void {
    const known = this.#concurrency.get(name) ?? (this.#working.has(name) ? defaultConcurrency : undefined)
    if (concurrency !== undefined && known !== undefined && concurrency !== known) {
      const message = `The queue ${quote(name)} runs ${known} jobs at a time already, and not ${concurrency}. Say it the same everywhere.`
      throw new MillraceError('option_invalid', message)
    }
    if (concurrency !== undefined) this.#concurrency.set(name, concurrency)
    if (this.#share?.queues === undefined) this.#want(name)
  }

  /** Begins to work on the queues that it is to work on by now, and does not yet. */
  begin(): void {
    for (const name of this.#wanted) if (!this.#working.has(name)) this.#work(name)
  }

  /** Breaks off in `timeout` ms what still runs then, and begins nothing more, unless the function it gives is called before. */
  stopIn(timeout: number): () => void {
    return this.#clock.after(timeout, () => {
      const message = 'The worker stops, and waits no longer for this run. The job goes back to its queue.'
      this.#stopped = new MillraceError('worker_stopped', message)
      for (const run of this.#runs) run.breakOff(this.#stopped)
    })
  }

  run(job: Job, attempt: number): Promise<Outcome> {
    if (!jobRunProbe.isWatched) return this.#run(job, attempt)
    const { queue, listener } = job
    const { id, name, at, trace } = job.event
    const message = { event: { id, name }, listener, queue, job: job.id, attempt, due: at + job.delay, trace }
    return jobRunProbe.run(message, () => this.#run(job, attempt))
  }

  async #run(job: Job, attempt: number): Promise<Outcome> {
    if (this.#stopped !== undefined) return { kind: 'returned', error: this.#stopped }
    const refusal = refusalOf(job, attempt, this.#clock.now())
    if (refusal !== undefined) return { kind: 'failed', error: refusal, attempts: attempt - 1 }
    const registration = this.#listeners.withId(job.listener)
    if (registration === undefined) return outcomeOfFailure(job, attempt, unknown(job), this.#clock.now())
    let event: Event
    try {
      event = fromStored(job.event, registration.schemaOf(job.event.name))
    } catch (error) {
      // What does not fit now will not fit at the next run.
      return { kind: 'failed', error, attempts: attempt - 1 }
    }
    const run = new JobRun(job, attempt, this.#clock)
    this.#runs.add(run)
    try {
      return await run.of(event, (received, context) => asRun(job.id, () => registration.run(received, context)))
    } finally {
      this.#runs.delete(run)
    }
  }

  failed(job: Job, error: unknown, attempts: number): void {
    this.#onError(gaveUp(job, error, attempts))
    void this.#tellListener(job, error)
  }

  async #tellListener({ listener, event }: Job, error: unknown): Promise<void> {
    const registration = this.#listeners.withId(listener)
    if (registration?.onFailed === undefined) return
    try {
      const made = fromStored(event, registration.schemaOf(event.name))
      const { onFailed } = registration
      await withinTrace(
        () => event.trace,
        () => onFailed(made, error),
      )
    } catch (thrown) {
      // The data that does not fit is what it was given up for.
      if (thrown instanceof MillraceError && thrown.code === 'data_invalid') return
      this.#onError(thrown)
    }
  }

  #want(name: string): void {
    if (this.#share === undefined || this.#wanted.has(name)) return
    this.#wanted.add(name)
    whenReady(() => this.begin())
  }

  #work(name: string): void {
    const concurrency = this.#share?.concurrency ?? this.#concurrency.get(name) ?? defaultConcurrency
    this.#working.add(name)
    try {
      this.#queue.work(name, this, { concurrency })
    } catch (error) {
      this.#onError(error)
    }
  }
}

/** Why a job is given up without being run, if it is. */
function refusalOf({ id, attempts, until }: Job, attempt: number, now: number): MillraceError | undefined {
  if (attempt > attempts) {
    return new MillraceError(
      'job_interrupted',
      `Job ${quote(id)} was run ${attempts === 1 ? 'once, as often' : `${attempts} times, as often`} as it may be, and its last run was cut ` +
        'short: its worker died or was stopped. Whether it has had its effect is not known.',
      { data: { job: id, attempts } },
    )
  }
  if (until === undefined || now <= until) return undefined
  const message = `Job ${quote(id)} was to be run until ${new Date(until).toISOString()}, and that has passed.`
  return new MillraceError('job_expired', message, { data: { job: id, until } })
}

function unknown({ listener }: Job): MillraceError {
  const message = `No listener has the id ${quote(listener)}: it was removed, or renamed while its jobs waited.`
  return new MillraceError('listener_unknown', message, { data: { listener } })
}

function gaveUp({ listener, event }: Job, error: unknown, attempts: number): MillraceError {
  return new MillraceError(
    'listener_failed',
    `Queued listener ${quote(listener)} gave up on event ${quote(event.name)} (${event.id}) after ${attempts} ` +
      `${attempts === 1 ? 'run' : 'runs'}: ${reasonOf(error)}`,
    { cause: error, data: { id: event.id, event: event.name, listeners: [listener], attempt: attempts } },
  )
}
