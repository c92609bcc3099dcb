import { systemClock } from '../../base/clock.ts'
import type { OnError } from '../../base/errors.ts'
import type { Job } from '../job.ts'
import type { QueueCounts } from '../port.ts'
import type { Connection } from './connection.ts'
import type { Entry, EntryQueue, Library } from './library.ts'
import { fromQueueName, toEntryId, toQueueName } from './names.ts'
import { run } from './script.ts'

export interface StoreOptions {
  readonly library: Library
  readonly connection: Connection
  readonly prefix: string
  /** How long Redis may be away before a call fails, in ms. */
  readonly wait: number
  readonly onError: OnError
}

/** How many entries BullMQ's stream of events keeps: dashboards read it, and nothing here. */
const maxEvents = 1_000

/** The queues that BullMQ has under the prefix. */
export class Store {
  readonly library: Library
  readonly connection: Connection
  /** What all keys of BullMQ begin with. */
  readonly entryPrefix: string
  readonly wait: number
  readonly #names: string
  readonly #onError: OnError
  readonly #queues = new Map<string, EntryQueue>()

  constructor({ library, connection, prefix, wait, onError }: StoreOptions) {
    this.library = library
    this.connection = connection
    this.entryPrefix = `${prefix}queue`
    this.wait = wait
    this.#names = `${prefix}queues`
    this.#onError = onError
  }

  queue(name: string): EntryQueue {
    const known = this.#queues.get(name)
    if (known !== undefined) return known
    const queue: EntryQueue = new this.library.Queue<Job>(toQueueName(name), {
      connection: this.connection.client,
      prefix: this.entryPrefix,
      streams: { events: { maxLen: maxEvents } },
    })
    queue.on('error', (error) => this.#fault(error))
    this.#queues.set(name, queue)
    return queue
  }

  /** The names of all queues that jobs were ever added to. */
  names(): Promise<readonly string[]> {
    return this.#call(async () => (await this.connection.client.smembers(this.#names)).map(fromQueueName))
  }

  ask<T>(name: string, ask: (queue: EntryQueue) => Promise<T>): Promise<T> {
    return this.#call(() => ask(this.queue(name)))
  }

  async count(queue: string): Promise<QueueCounts> {
    const states = ['wait', 'prioritized', 'delayed', 'active', 'failed']
    const answer = await this.ask(queue, ({ toKey }) =>
      run(this.connection.client, 'count', [...states.map((state) => toKey(state)), systemClock.now()]),
    )
    const [waiting = 0, delayed = 0, running = 0, failed = 0] = answer as number[]
    return { queue, waiting, delayed, running, failed }
  }

  /** Notes the queue's name; gives those of the jobs that have failed before. */
  async note(name: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const failed = this.queue(name).keys.failed ?? ''
    const answer = await run(this.connection.client, 'note', [this.#names, failed, toQueueName(name), ...ids])
    return new Set(answer as string[])
  }

  /** Removes a failed job; says whether it was there, and its `unique` free. */
  removeFailed(job: Job): Promise<boolean> {
    const { failed, id, entry, claim } = this.#keysOf(job)
    return this.#is(run(this.connection.client, 'remove', [failed, entry, id, claim, this.queue(job.queue).toKey('')]))
  }

  /** Removes a failed job, whoever has its `unique` by now; says whether it was there. */
  forgetFailed(queue: string, id: string): Promise<boolean> {
    const { keys, toKey } = this.queue(queue)
    return this.#is(run(this.connection.client, 'remove', [keys.failed ?? '', toKey(id), id, '', toKey('')]))
  }

  /** Puts a failed job back as it is given here; says whether it was there, and its `unique` free. */
  async retryFailed(entry: Entry, job: Job): Promise<boolean> {
    const { failed, id, claim } = this.#keysOf(job)
    const prefix = this.queue(job.queue).toKey('')
    if (!(await this.#is(run(this.connection.client, 'claim', [failed, id, claim, prefix])))) return false
    await entry.updateData(job)
    await entry.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
    return true
  }

  /** Puts a job back that was fetched, and not begun. */
  async giveBack(entry: Entry, token: string): Promise<void> {
    await run(this.connection.workClient, 'uncount', [this.queue(entry.data.queue).toKey(entry.id ?? '')])
    await entry.moveToWait(token)
  }

  /** Gives a `unique` free that only a failed job has; says whether that was so. */
  releaseUnique(job: Job, holder: string): Promise<boolean> {
    const { failed, claim } = this.#keysOf(job)
    return this.#is(run(this.connection.client, 'release', [failed, claim, holder]))
  }

  async close(): Promise<void> {
    // They share our connection: this takes their listeners from it.
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()))
  }

  #keysOf(job: Job): { readonly failed: string; readonly id: string; readonly entry: string; readonly claim: string } {
    const { keys, toKey } = this.queue(job.queue)
    const id = toEntryId(job.id)
    const claim = job.unique === undefined ? '' : toKey(`de:${job.unique}`)
    return { failed: keys.failed ?? '', id, entry: toKey(id), claim }
  }

  async #is(answer: Promise<unknown>): Promise<boolean> {
    return (await answer) === 1
  }

  #call<T>(ask: () => Promise<T>): Promise<T> {
    return this.connection.call(this.wait, ask)
  }

  /** Whoever has asked is told by the answer; what is left is that the connection is away. */
  #fault(error: unknown): void {
    if (this.connection.client.status !== 'ready') this.connection.tell(error)
    else this.#onError(error)
  }
}
