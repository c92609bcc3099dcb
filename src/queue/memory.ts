import { type Clock, systemClock } from '../base/clock.ts'
import { MillraceError, type OnError, quote, warn } from '../base/errors.ts'
import { endOfTurn } from '../base/turn.ts'
import { backoffAfter } from './options.ts'
import type { Job, JobHandler, JobOptions, Queue } from './port.ts'

export interface MemoryQueueOptions {
  /** @default the system's */
  readonly clock?: Clock
  /** How many jobs run at a time, for each queue name. @default 10 */
  readonly concurrency?: number
  /** How many jobs are kept, waiting, delayed and running; past it `add` rejects with `queue_full`. @default 10_000 */
  readonly limit?: number
  /** Told of jobs that are dropped before anyone works, and of what `failed` throws. @default a console warning */
  readonly onError?: OnError
}

/** The longest time that a timer of Node or a browser takes, in ms; one that is longer fires at once. */
const longestTimer = 2 ** 31 - 1

interface Entry {
  readonly id: string
  /** JSON, so that each run gets a job of its own, and the same one that a durable queue would give it. */
  readonly json: string
  readonly options: JobOptions
  readonly lane: Lane
  attempt: number
  /** What the last run failed with. */
  error: unknown
}

/** The jobs of one queue name. */
interface Lane {
  readonly due: Entry[]
  running: number
  woken: boolean
}

/**
 * A queue in this process: no server, no file. Jobs are lost when the process dies, so it is for tests and for work that
 * may be lost; and one that waits for its time does not keep the process alive.
 *
 * `close` runs what is due, and hands what is still delayed to the handler's `failed` with `queue_closed`.
 *
 * @throws {MillraceError} `option_invalid` for a concurrency or limit that is no integer of 1 or more.
 */
export function memoryQueue(options: MemoryQueueOptions = {}): Queue {
  return new MemoryQueue(options)
}

class MemoryQueue implements Queue {
  readonly #clock: Clock
  readonly #concurrency: number
  readonly #limit: number
  readonly #onError: OnError
  readonly #kept = new Map<string, Entry>()
  readonly #lanes = new Map<string, Lane>()
  readonly #timers = new Map<Entry, () => void>()
  #handler: JobHandler | undefined
  #closed = false
  #closing: Promise<void> | undefined
  #settled: (() => void) | undefined

  constructor({ clock = systemClock, concurrency = 10, limit = 10_000, onError = warn }: MemoryQueueOptions) {
    for (const [option, value] of Object.entries({ concurrency, limit })) {
      if (Number.isSafeInteger(value) && value >= 1) continue
      const message = `The memory queue's ${option} must be an integer of 1 or more, not ${quote(value)}.`
      throw new MillraceError('option_invalid', message)
    }
    this.#clock = clock
    this.#concurrency = concurrency
    this.#limit = limit
    this.#onError = onError
  }

  async add(job: Job, options: JobOptions): Promise<void> {
    if (this.#closed) throw new MillraceError('queue_closed', `The queue is closed and takes no job ${quote(job.id)}.`)
    if (this.#kept.has(job.id)) return
    if (this.#kept.size >= this.#limit) {
      const message = `The memory queue is full: it keeps ${this.#limit} jobs. Raise its concurrency or its limit.`
      throw new MillraceError('queue_full', message, { data: { limit: this.#limit } })
    }
    const lane = this.#laneOf(options.name)
    const entry: Entry = { id: job.id, json: JSON.stringify(job), options, lane, attempt: 0, error: undefined }
    this.#kept.set(entry.id, entry)
    this.#delay(entry, options.delay)
  }

  work(handler: JobHandler): void {
    if (this.#handler !== undefined) {
      throw new MillraceError(
        'option_invalid',
        'This queue has its worker already. Make a queue for each createEvents.',
      )
    }
    this.#handler = handler
    for (const lane of this.#lanes.values()) this.#wake(lane)
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
    if (this.#handler === undefined) for (const lane of this.#lanes.values()) dropped.push(...lane.due.splice(0))
    for (const entry of dropped) this.#drop(entry)
    if (this.#kept.size > 0) await new Promise<void>((resolve) => (this.#settled = resolve))
  }

  #laneOf(name: string): Lane {
    const known = this.#lanes.get(name)
    if (known !== undefined) return known
    const lane: Lane = { due: [], running: 0, woken: false }
    this.#lanes.set(name, lane)
    return lane
  }

  /** Makes the entry due in `ms`. Counted down rather than to a time of day: a clock set back would hold the job up. */
  #delay(entry: Entry, ms: number): void {
    if (ms <= 0) {
      entry.lane.due.push(entry)
      this.#wake(entry.lane)
      return
    }
    if (this.#closed) {
      this.#drop(entry)
      return
    }
    const step = Math.min(ms, longestTimer)
    const next = () => {
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
      const handler = this.#handler
      if (handler === undefined) return
      const free = Math.max(0, this.#concurrency - lane.running)
      // It rejects only when `onError` itself throws: that is for the process to report.
      for (const entry of lane.due.splice(0, free)) void this.#run(entry, handler)
    })
  }

  async #run(entry: Entry, handler: JobHandler): Promise<void> {
    entry.lane.running++
    entry.attempt++
    try {
      await handler.run(JSON.parse(entry.json), { attempt: entry.attempt })
      this.#forget(entry)
    } catch (error) {
      entry.error = error
      if (entry.attempt < entry.options.attempts) this.#delay(entry, backoffAfter(entry.attempt, entry.options))
      else this.#giveUp(entry, error)
    } finally {
      entry.lane.running--
      this.#wake(entry.lane)
    }
  }

  #drop(entry: Entry): void {
    const message = `The queue closed while job ${quote(entry.id)} waited for its time, and keeps it in memory only.`
    const cause = entry.attempt > 0 ? { cause: entry.error } : {}
    this.#giveUp(entry, new MillraceError('queue_closed', message, { ...cause, data: { job: entry.id } }))
  }

  #giveUp(entry: Entry, error: unknown): void {
    this.#forget(entry)
    if (this.#handler === undefined) {
      this.#onError(error)
      return
    }
    try {
      this.#handler.failed(JSON.parse(entry.json), error, entry.attempt)
    } catch (thrown) {
      this.#onError(thrown)
    }
  }

  #forget(entry: Entry): void {
    this.#kept.delete(entry.id)
    if (this.#kept.size === 0) this.#settled?.()
  }
}
