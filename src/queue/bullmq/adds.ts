import { MillraceError, quote } from '../../base/errors.ts'
import { endOfTurn } from '../../base/turn.ts'
import type { Job } from '../job.ts'
import { unavailable } from './connection.ts'
import { toEntryId } from './names.ts'
import type { Store } from './store.ts'

interface Add {
  readonly job: Job
  readonly id: string
  resolve(): void
  reject(error: unknown): void
}

/** How many jobs go to Redis in one call, and how many may wait for one. */
const callLimit = 256
const waitLimit = 100_000

/** Hands jobs to BullMQ: those that come in one turn together, because a round trip for each is what costs. */
export class Adds {
  readonly #store: Store
  readonly #collected = new Map<string, Add[]>()
  readonly #calls = new Set<Promise<void>>()
  #count = 0
  #isClosed = false

  constructor(store: Store) {
    this.#store = store
  }

  /** @throws {MillraceError} `queue_unavailable`, `queue_closed` */
  add(given: Job): Promise<void> {
    if (this.#isClosed) {
      return Promise.reject(
        new MillraceError('queue_closed', `The queue is closed and takes no job ${quote(given.id)}.`),
      )
    }
    if (this.#count >= waitLimit) {
      return Promise.reject(unavailable(`${waitLimit} jobs wait for Redis already, and this one was not sent`))
    }
    // By value, and now: it is sent later.
    const job: Job = JSON.parse(JSON.stringify(given))
    return new Promise((resolve, reject) => {
      const batch = this.#collected.get(job.queue)
      const add: Add = { job, id: toEntryId(job.id), resolve, reject }
      this.#count++
      if (batch !== undefined) batch.push(add)
      else {
        this.#collected.set(job.queue, [add])
        endOfTurn(() => this.#flush(job.queue))
      }
    })
  }

  /** Resolves when all that was taken is there, or has failed. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const queue of [...this.#collected.keys()]) this.#flush(queue)
    await Promise.all(this.#calls)
  }

  #flush(queue: string): void {
    const adds = this.#collected.get(queue) ?? []
    this.#collected.delete(queue)
    for (let from = 0; from < adds.length; from += callLimit) {
      const call = this.#send(queue, adds.slice(from, from + callLimit))
      this.#calls.add(call)
      void call.finally(() => this.#calls.delete(call))
    }
  }

  async #send(queue: string, adds: readonly Add[]): Promise<void> {
    try {
      await this.#store.ask(queue, () => this.#hand(queue, adds))
      for (const { resolve } of adds) resolve()
    } catch (error) {
      for (const { reject } of adds) reject(error)
    } finally {
      this.#count -= adds.length
    }
  }

  async #hand(queue: string, adds: readonly Add[]): Promise<void> {
    // Both go out together. Asked first, so that a job that is added and fails at once is not taken for the one of before.
    const noted = this.#store.note(
      queue,
      adds.map(({ id }) => id),
    )
    const [failed, kept] = await Promise.all([noted, this.#put(queue, adds)])
    const again: Add[] = []
    await Promise.all(
      adds.map(async (add, index) => {
        const keptId = kept[index]
        const isAgain = failed.has(add.id)
          ? await this.#store.removeFailed(add.job)
          : keptId !== add.id && keptId !== undefined && (await this.#store.releaseUnique(add.job, keptId))
        if (isAgain) again.push(add)
      }),
    )
    if (again.length > 0) await this.#put(queue, again)
  }

  /** Gives, for each, the id of the job that is kept: another one's, where that has its `unique`. */
  async #put(queue: string, adds: readonly Add[]): Promise<readonly (string | undefined)[]> {
    const entries = this.#store.queue(queue)
    const given = adds.map(({ job, id }) => ({
      name: job.listener,
      data: job,
      opts: {
        jobId: id,
        ...(job.delay > 0 ? { delay: Math.ceil(job.delay) } : {}),
        ...(job.unique === undefined ? {} : { deduplication: { id: job.unique } }),
      },
    }))
    try {
      return (await entries.addBulk(given)).map(({ id }) => id)
    } catch (error) {
      if (!isScriptMissing(error)) throw error
      // Redis has restarted. Over a client of the package redis, BullMQ loads its script again only for what is added one by one.
      const added = await Promise.all(given.map(({ name, data, opts }) => entries.add(name, data, opts)))
      return added.map(({ id }) => id)
    }
  }
}

/** What a client of the package redis throws holds the errors of all commands. */
function isScriptMissing(error: unknown): boolean {
  const { message, replies }: { message?: unknown; replies?: unknown } = Object(error)
  return String(message).startsWith('NOSCRIPT') || (Array.isArray(replies) && replies.some(isScriptMissing))
}
