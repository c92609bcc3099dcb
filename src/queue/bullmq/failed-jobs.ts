import {
  defaultPage,
  type FailedJob,
  type FailedJobs,
  type FailedSelection,
  isSelected,
  type JobError,
  toRetried,
} from '../failed.ts'
import { readFailure } from './failure.ts'
import type { Entry } from './library.ts'
import { toEntryId } from './names.ts'
import type { Store } from './store.ts'

/** How many are read at a time. */
const page = 100

/** The jobs that BullMQ keeps as failed. */
export class BullmqFailedJobs implements FailedJobs {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async list({
    limit = defaultPage,
    ...selection
  }: FailedSelection & { readonly limit?: number } = {}): Promise<FailedJob[]> {
    const found: FailedJob[] = []
    for (const queue of await this.#queuesOf(selection)) found.push(...(await this.#latest(queue, selection, limit)))
    return found.sort((a, b) => b.at - a.at).slice(0, limit)
  }

  async get(id: string): Promise<FailedJob | undefined> {
    return (await this.list({ id, limit: 1 }))[0]
  }

  retry(selection: FailedSelection): Promise<number> {
    return this.#each(selection, (entry, { job }) => this.#store.retryFailed(entry, toRetried(job)))
  }

  forget(selection: FailedSelection): Promise<number> {
    return this.#each(selection, ({ id = '' }, { job }) => this.#store.forgetFailed(job.queue, id))
  }

  async #latest(queue: string, selection: FailedSelection, limit: number): Promise<FailedJob[]> {
    const found: FailedJob[] = []
    if (selection.id !== undefined) {
      const one = await this.#one(queue, selection.id)
      return one !== undefined && isSelected(one.failed, selection) ? [one.failed] : []
    }
    for await (const entries of this.#pages(queue)) {
      for (const entry of entries) {
        const failed = toFailedJob(entry)
        if (failed !== undefined && isSelected(failed, selection)) found.push(failed)
      }
      if (found.length >= limit) break
    }
    return found
  }

  /** All that BullMQ keeps as failed, the latest first. */
  async *#pages(queue: string): AsyncGenerator<readonly Entry[], void> {
    for (let from = 0; ; from += page) {
      const entries = await this.#store.ask(queue, (entries) => entries.getJobs(['failed'], from, from + page - 1))
      if (entries.length === 0) return
      yield entries
    }
  }

  /** Does something to each of those that have failed by now; gives for how many it did. */
  async #each(selection: FailedSelection, act: (entry: Entry, failed: FailedJob) => Promise<boolean>): Promise<number> {
    let count = 0
    for (const queue of await this.#queuesOf(selection)) {
      for (const id of await this.#idsOf(queue, selection)) {
        const one = await this.#one(queue, id)
        if (one === undefined || !isSelected(one.failed, selection)) continue
        if (await this.#store.ask(queue, () => act(one.entry, one.failed))) count++
      }
    }
    return count
  }

  /** The jobs' own ids. All of them first: what is retried may fail again, and is not to be met again. */
  async #idsOf(queue: string, { id }: FailedSelection): Promise<string[]> {
    if (id !== undefined) return [id]
    const ids: string[] = []
    for await (const entries of this.#pages(queue)) ids.push(...entries.map(({ data }) => data.id))
    return ids
  }

  async #one(queue: string, id: string): Promise<{ readonly entry: Entry; readonly failed: FailedJob } | undefined> {
    const entry = await this.#store.ask(queue, (entries) => entries.getJob(toEntryId(id)))
    const failed = entry === undefined ? undefined : toFailedJob(entry)
    return entry === undefined || failed === undefined ? undefined : { entry, failed }
  }

  async #queuesOf({ queue }: FailedSelection): Promise<readonly string[]> {
    return queue === undefined ? await this.#store.names() : [queue]
  }
}

/** Undefined where it has not failed: it was retried, or is another of the same id. */
function toFailedJob(entry: Entry): FailedJob | undefined {
  if (entry.finishedOn === undefined || entry.finishedOn === null) return undefined
  const { error, attempts }: { error: JobError; attempts: number } = readFailure(entry)
  return { job: entry.data, error, attempts, at: entry.finishedOn }
}
