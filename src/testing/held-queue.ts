import type { Clock } from '../base/clock.ts'
import { MillraceError, quote } from '../base/errors.ts'
import type { FailedJobs } from '../queue/failed.ts'
import type { Job } from '../queue/job.ts'
import { MemoryFailedJobs } from '../queue/memory-failed.ts'
import {
  assertWork,
  type JobHandler,
  type Outcome,
  type Queue,
  type QueueCounts,
  type WorkOptions,
} from '../queue/port.ts'

/** A run of a job, and what became of the job after it. */
export interface RanJob {
  readonly job: Job
  /** Which run of it that was, from 1. */
  readonly attempt: number
  readonly outcome: Outcome
}

interface Entry {
  /** Its own copy, as a queue that lasts would have it. */
  readonly job: Job
  /** No sooner. */
  readonly due: number
  readonly attempt: number
}

/** As many failed jobs are kept. */
const failedLimit = 1_000

/**
 * A queue that holds its jobs until it is told to run them, one after the other, in the order in which they fall due. It has no timers.
 *
 * What still waits when it is closed is kept: it can be looked at, and nobody runs it.
 */
export class HeldQueue implements Queue {
  readonly isDurable = false
  /** Every job that was taken, in order. */
  readonly taken: Job[] = []
  readonly #clock: Clock
  readonly #handlers = new Map<string, JobHandler>()
  readonly #waiting = new Map<string, Entry>()
  readonly #running = new Map<string, Entry>()
  readonly #failed: MemoryFailedJobs
  #closing: Promise<void> | undefined
  #settled = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
    this.#failed = new MemoryFailedJobs(failedLimit, (job) => this.#take(job))
  }

  get failed(): FailedJobs {
    return this.#failed
  }

  async add(job: Job): Promise<void> {
    if (this.#closing !== undefined)
      throw new MillraceError('queue_closed', `The queue is closed and takes no job ${quote(job.id)}.`)
    if (this.#take(job)) this.#failed.drop(job.id)
  }

  work(queue: string, handler: JobHandler, { concurrency }: WorkOptions): void {
    assertWork(queue, concurrency, this.#handlers.has(queue))
    this.#handlers.set(queue, handler)
  }

  async counts(): Promise<readonly QueueCounts[]> {
    const now = this.#clock.now()
    const names = new Set([...this.#handlers.keys(), ...this.#failed.queues()])
    for (const { job } of this.#kept()) names.add(job.queue)
    const count = (entries: Iterable<Entry>, queue: string, isCounted: (entry: Entry) => boolean = () => true) =>
      [...entries].filter((entry) => entry.job.queue === queue && isCounted(entry)).length
    return [...names].sort().map((queue) => ({
      queue,
      waiting: count(this.#waiting.values(), queue, ({ due }) => due <= now),
      delayed: count(this.#waiting.values(), queue, ({ due }) => due > now),
      running: count(this.#running.values(), queue),
      failed: this.#failed.count(queue),
    }))
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#settled = resolve
      if (this.#running.size === 0) resolve()
    })
    return this.#closing
  }

  /** Runs what is due next; undefined where nothing is. */
  async runNext(): Promise<RanJob | undefined> {
    const entry = this.#next()
    const handler = entry === undefined ? undefined : this.#handlers.get(entry.job.queue)
    if (entry === undefined || handler === undefined || entry.due > this.#clock.now()) return undefined
    const { job } = entry
    const attempt = entry.attempt + 1
    this.#waiting.delete(job.id)
    this.#running.set(job.id, entry)
    const outcome = await handler.run(copyOf(job), attempt)
    this.#running.delete(job.id)
    const { kind } = outcome
    if (kind === 'failed') {
      this.#failed.keep(job, outcome.error, outcome.attempts, this.#clock.now())
      handler.failed(copyOf(job), outcome.error, outcome.attempts)
    } else if (kind !== 'done') {
      const after = kind === 'retry' ? outcome.after : 0
      this.#waiting.set(job.id, { job, due: this.#clock.now() + after, attempt })
    }
    if (this.#running.size === 0) this.#settled()
    return { job: copyOf(job), attempt, outcome }
  }

  /** When the next one falls due, in ms since the Unix epoch. */
  get nextDue(): number | undefined {
    return this.#next()?.due
  }

  /** Of those that somebody works on; of those due together, the one that came first. */
  #next(): Entry | undefined {
    let first: Entry | undefined
    if (this.#closing !== undefined) return undefined
    for (const entry of this.#waiting.values()) {
      if (!this.#handlers.has(entry.job.queue)) continue
      if (first === undefined || entry.due < first.due) first = entry
    }
    return first
  }

  /** Whether it was taken: not where it is kept already. */
  #take(job: Job): boolean {
    const { id, unique, delay } = job
    for (const kept of this.#kept()) {
      if (kept.job.id === id || (unique !== undefined && kept.job.unique === unique)) return false
    }
    const entry = { job: copyOf(job), due: this.#clock.now() + delay, attempt: 0 }
    this.#waiting.set(id, entry)
    this.taken.push(entry.job)
    return true
  }

  #kept(): readonly Entry[] {
    return [...this.#waiting.values(), ...this.#running.values()]
  }
}

function copyOf(job: Job): Job {
  return JSON.parse(JSON.stringify(job))
}
