import { type Clock, longestTimer, systemClock } from '../base/clock.ts'
import { MillraceError, type OnError, quote, warn } from '../base/errors.ts'
import { isCount } from '../base/number.ts'
import { endOfTurn } from '../base/turn.ts'
import type { FailedJobs } from './failed.ts'
import type { Job } from './job.ts'
import { MemoryFailedJobs } from './memory-failed.ts'
import { assertWork, type JobHandler, type Outcome, type Queue, type QueueCounts, type WorkOptions } from './port.ts'

export interface MemoryQueueOptions {
  /** @default the system's */
  readonly clock?: Clock
  /** How many jobs are kept, waiting, delayed and running; past it `add` rejects with `queue_full`. @default 10_000 */
  readonly limit?: number
  /** How many failed jobs are kept; past it the oldest goes. @default 1_000 */
  readonly failedLimit?: number
  /** Told of jobs that are dropped before anyone works, and of what `failed` throws. @default a console warning */
  readonly onError?: OnError
}

interface Entry {
  readonly id: string
  readonly unique: string | undefined
  /** JSON, so that each run gets a job of its own, and the same one that a durable queue would give it. */
  readonly json: string
  readonly lane: Lane
  attempt: number
  /** What the last run failed with. */
  error: unknown
}

/** The jobs of one queue name. */
interface Lane {
  readonly name: string
  readonly due: Entry[]
  handler: JobHandler | undefined
  concurrency: number
  running: number
  delayed: number
  woken: boolean
}

/**
 * A queue in this process: no server, no file. Jobs are lost when the process dies, so it is for tests and for work that
 * may be lost; and one that waits for its time does not keep the process alive.
 *
 * `close` runs what is due, and hands what is still delayed to the handler's `failed` with `queue_closed`.
 *
 * @throws {MillraceError} `option_invalid` for a limit that is no integer of 1 or more.
 */
export function memoryQueue(options: MemoryQueueOptions = {}): Queue {
  return new MemoryQueue(options)
}

class MemoryQueue implements Queue {
  readonly isDurable = false
  readonly #clock: Clock
  readonly #limit: number
  readonly #onError: OnError
  readonly #kept = new Map<string, Entry>()
  readonly #unique = new Set<string>()
  readonly #lanes = new Map<string, Lane>()
  readonly #timers = new Map<Entry, () => void>()
  readonly #failed: MemoryFailedJobs
  #closed = false
  #closing: Promise<void> | undefined
  #settled: (() => void) | undefined

  constructor({ clock = systemClock, limit = 10_000, failedLimit = 1_000, onError = warn }: MemoryQueueOptions) {
    for (const [option, value] of Object.entries({ limit, failedLimit })) {
      if (isCount(value)) continue
      const message = `The memory queue's ${option} must be an integer of 1 or more, not ${quote(value)}.`
      throw new MillraceError('option_invalid', message)
    }
    this.#clock = clock
    this.#limit = limit
    this.#onError = onError
    this.#failed = new MemoryFailedJobs(failedLimit, (job) => this.#take(job))
  }

  get failed(): FailedJobs {
    return this.#failed
  }

  async add(job: Job): Promise<void> {
    // While it closes, what still runs may add.
    if (this.#closed && this.#kept.size === 0)
      throw new MillraceError('queue_closed', `The queue is closed and takes no job ${quote(job.id)}.`)
    if (this.#take(job)) this.#failed.drop(job.id)
  }

  work(queue: string, handler: JobHandler, { concurrency }: WorkOptions): void {
    const lane = this.#laneOf(queue)
    assertWork(queue, concurrency, lane.handler !== undefined)
    lane.handler = handler
    lane.concurrency = concurrency
    this.#wake(lane)
  }

  async counts(): Promise<readonly QueueCounts[]> {
    const names = new Set([...this.#lanes.keys(), ...this.#failed.queues()])
    return [...names].sort().map((queue) => {
      const { due = [], delayed = 0, running = 0 } = this.#lanes.get(queue) ?? {}
      return { queue, waiting: due.length, delayed, running, failed: this.#failed.count(queue) }
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut()
    return this.#closing
  }

  async #shut(): Promise<void> {
    this.#closed = true
    for (const cancel of this.#timers.values()) cancel()
    const dropped = [...this.#timers.keys()]
    this.#timers.clear()
    // Without a worker nothing that is due would ever run.
    for (const lane of this.#lanes.values()) if (lane.handler === undefined) dropped.push(...lane.due.splice(0))
    for (const entry of dropped) this.#drop(entry)
    if (this.#kept.size > 0) await new Promise<void>((resolve) => (this.#settled = resolve))
  }

  #laneOf(name: string): Lane {
    const known = this.#lanes.get(name)
    if (known !== undefined) return known
    const lane: Lane = { name, due: [], handler: undefined, concurrency: 0, running: 0, delayed: 0, woken: false }
    this.#lanes.set(name, lane)
    return lane
  }

  /** Whether it was taken: not where it is kept already. */
  #take(job: Job): boolean {
    const { id, unique } = job
    if (this.#kept.has(id) || (unique !== undefined && this.#unique.has(unique))) return false
    if (this.#kept.size >= this.#limit) {
      const message = `The memory queue is full: it keeps ${this.#limit} jobs. Raise its limit, or how many run at a time.`
      throw new MillraceError('queue_full', message, { data: { limit: this.#limit } })
    }
    const entry: Entry = {
      id,
      unique,
      json: JSON.stringify(job),
      lane: this.#laneOf(job.queue),
      attempt: 0,
      error: undefined,
    }
    this.#kept.set(id, entry)
    if (unique !== undefined) this.#unique.add(unique)
    this.#delay(entry, job.delay)
    return true
  }

  /** Makes the entry due in `ms`. Counted down rather than to a time of day: a clock set back would hold the job up. */
  #delay(entry: Entry, ms: number): void {
    if (this.#closed && (ms > 0 || entry.lane.handler === undefined)) {
      this.#drop(entry)
      return
    }
    if (ms <= 0) {
      entry.lane.due.push(entry)
      this.#wake(entry.lane)
      return
    }
    const step = Math.min(ms, longestTimer)
    entry.lane.delayed++
    const next = () => {
      entry.lane.delayed--
      this.#timers.delete(entry)
      this.#delay(entry, ms - step)
    }
    this.#timers.set(entry, this.#clock.after(step, next))
  }

  /** Starts what the lane may start, at the end of this turn: never inside `add`, and sockets have their say between. */
  #wake(lane: Lane): void {
    if (lane.woken || lane.due.length === 0) return
    lane.woken = true
    endOfTurn(() => {
      lane.woken = false
      const { handler } = lane
      if (handler === undefined) return
      const free = Math.max(0, lane.concurrency - lane.running)
      // It rejects only when `onError` itself throws: that is for the process to report.
      for (const entry of lane.due.splice(0, free)) void this.#run(entry, handler)
    })
  }

  async #run(entry: Entry, handler: JobHandler): Promise<void> {
    entry.lane.running++
    entry.attempt++
    const outcome = await handler.run(JSON.parse(entry.json), entry.attempt)
    entry.lane.running--
    try {
      this.#settle(entry, outcome)
    } finally {
      this.#wake(entry.lane)
    }
  }

  #settle(entry: Entry, outcome: Outcome): void {
    if (outcome.kind === 'done') {
      this.#forget(entry)
      return
    }
    entry.error = outcome.error
    if (outcome.kind === 'failed') this.#giveUp(entry, outcome.error, outcome.attempts)
    else if (outcome.kind === 'retry') this.#delay(entry, outcome.after)
    else this.#drop(entry)
  }

  #drop(entry: Entry): void {
    const message = `The queue closed before job ${quote(entry.id)} was done, and keeps it in memory only.`
    const cause = entry.attempt > 0 ? { cause: entry.error } : {}
    this.#giveUp(
      entry,
      new MillraceError('queue_closed', message, { ...cause, data: { job: entry.id } }),
      entry.attempt,
    )
  }

  #giveUp(entry: Entry, error: unknown, attempts: number): void {
    const { handler } = entry.lane
    const job: Job = JSON.parse(entry.json)
    this.#failed.keep(job, error, attempts, this.#clock.now())
    this.#forget(entry)
    if (handler === undefined) {
      this.#onError(error)
      return
    }
    try {
      handler.failed(job, error, attempts)
    } catch (thrown) {
      this.#onError(thrown)
    }
  }

  #forget({ id, unique }: Entry): void {
    this.#kept.delete(id)
    if (unique !== undefined) this.#unique.delete(unique)
    if (this.#kept.size === 0) this.#settled?.()
  }
}
