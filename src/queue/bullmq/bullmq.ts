import { MillraceError, type OnError, quote, warn } from '../../base/errors.ts'
import type { FailedJobs } from '../failed.ts'
import type { Job } from '../job.ts'
import { assertWork, type JobHandler, type Queue, type QueueCounts, type WorkOptions } from '../port.ts'
import { Adds } from './adds.ts'
import { Connection } from './connection.ts'
import { BullmqFailedJobs } from './failed-jobs.ts'
import { Lane } from './lane.ts'
import { type ConnectionOptions, loadBullmq } from './library.ts'
import { Store } from './store.ts'

/** A URL, `redis[s]://[user[:password]@]host[:port][/database]`; options of ioredis; or a client of ioredis or `redis`, which stays yours. */
export type BullmqConnection = string | ConnectionOptions

export interface BullmqOptions {
  /** Begins every key in Redis. Applications that share it share their jobs. @default 'millrace:' */
  readonly prefix?: string
  /** How long Redis may be away before a call fails with `queue_unavailable`, in ms. One that is there and silent has 2 s more. @default 5_000 */
  readonly wait?: number
  /**
   * How long after the last sign of life of a worker its jobs are run by another, in ms; up to half as long again passes until that
   * is noticed. A process whose event loop is held up for three quarters of it may have its jobs run elsewhere while it runs them.
   * @default 10_000
   */
  readonly lock?: number
  /** How many failed jobs are kept of each queue; past it the oldest goes. @default 10_000 */
  readonly failedLimit?: number
  /** Told that Redis cannot be reached, once for each outage, and of what nobody waits for. @default a console warning */
  readonly onError?: OnError
}

/** What a lock must last at least, in ms, to be renewed in time. */
const leastLock = 1_000

/**
 * The queue in Redis (7 or later, or Valkey), kept and run by BullMQ, shared by all processes that use the same server and prefix.
 * Needs the packages `bullmq`, and `ioredis` or a client of your own.
 *
 * A job that was taken is in the memory of the Redis server; whether it survives that server is a matter of its persistence
 * (`appendfsync`).
 *
 * @throws {MillraceError} `dependency_missing`, `option_invalid`
 */
export function bullmq(connection: BullmqConnection = 'redis://127.0.0.1:6379', options: BullmqOptions = {}): Queue {
  return new BullmqQueue(connection, options)
}

class BullmqQueue implements Queue {
  readonly isDurable = true
  readonly failed: FailedJobs
  readonly #options: Required<BullmqOptions>
  readonly #connection: Connection
  readonly #store: Store
  readonly #adds: Adds
  readonly #lanes = new Map<string, Lane>()
  #closing: Promise<void> | undefined

  constructor(connection: BullmqConnection, options: BullmqOptions) {
    const { prefix = 'millrace:', wait = 5_000, lock = 10_000, failedLimit = 10_000, onError = warn } = options
    assertCount('wait', wait, 0)
    assertCount('lock', lock, leastLock)
    assertCount('failedLimit', failedLimit, 1)
    this.#options = { prefix, wait, lock, failedLimit, onError }
    const library = loadBullmq()
    this.#connection = new Connection(library, connection, onError)
    this.#store = new Store({ library, connection: this.#connection, prefix, wait, onError })
    this.#adds = new Adds(this.#store)
    this.failed = new BullmqFailedJobs(this.#store)
  }

  add(job: Job): Promise<void> {
    return this.#adds.add(job)
  }

  work(queue: string, handler: JobHandler, { concurrency }: WorkOptions): void {
    assertWork(queue, concurrency, this.#lanes.has(queue))
    const { lock, failedLimit, onError } = this.#options
    const lane = new Lane({ store: this.#store, queue, handler, concurrency, lock, failedLimit, onError })
    this.#lanes.set(queue, lane)
    lane.begin().catch(onError)
  }

  async counts(): Promise<readonly QueueCounts[]> {
    const names = new Set([...this.#lanes.keys(), ...(await this.#store.names())])
    const counts = await Promise.all([...names].sort().map((queue) => this.#store.count(queue)))
    return counts.filter(
      ({ queue, waiting, delayed, running, failed }) =>
        this.#lanes.has(queue) || waiting + delayed + running + failed > 0,
    )
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut()
    return this.#closing
  }

  async #shut(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()))
    // Not before: what runs may add.
    await this.#adds.close()
    await this.#store.close()
    await this.#connection.close()
  }
}

function assertCount(option: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  const message = `The option ${option} of the queue on Redis must be a whole number of ${least} or more, not ${quote(value)}.`
  throw new MillraceError('option_invalid', message)
}
