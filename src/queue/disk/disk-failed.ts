import { defaultPage, type FailedJob, type FailedJobs, type FailedSelection } from '../failed.ts'
import type { FailedRow, Stretch } from './messages.ts'

/** The thread, as far as it is asked for failed jobs. */
export interface FailedStore {
  list(selection: FailedSelection, limit: number): Promise<readonly FailedRow[]>
  /** One stretch of them, after number `after` and up to `last`. */
  change(
    kind: 'retry' | 'forget',
    selection: FailedSelection,
    after: number,
    last: number | undefined,
  ): Promise<Stretch>
}

/** The failed jobs of the queue on disk. */
export class DiskFailedJobs implements FailedJobs {
  readonly #store: FailedStore
  /** Called when some of them were put back. */
  readonly #onRetry: () => void

  constructor(store: FailedStore, onRetry: () => void) {
    this.#store = store
    this.#onRetry = onRetry
  }

  async list({ limit = defaultPage, ...selection }: FailedSelection & { limit?: number } = {}): Promise<FailedJob[]> {
    // SQLite takes no limit that is not an integer.
    const atMost = Math.min(Math.max(0, Math.floor(limit)), Number.MAX_SAFE_INTEGER)
    return (await this.#store.list(selection, atMost)).map(toFailedJob)
  }

  async get(id: string): Promise<FailedJob | undefined> {
    return (await this.list({ id }))[0]
  }

  async retry(selection: FailedSelection): Promise<number> {
    const count = await this.#inStretches('retry', selection)
    if (count > 0) this.#onRetry()
    return count
  }

  forget(selection: FailedSelection): Promise<number> {
    return this.#inStretches('forget', selection)
  }

  async #inStretches(kind: 'retry' | 'forget', selection: FailedSelection): Promise<number> {
    let count = 0
    let after: number | undefined = 0
    let last: number | undefined
    while (after !== undefined) {
      const stretch: Stretch = await this.#store.change(kind, selection, after, last)
      count += stretch.count
      after = stretch.after
      last = stretch.last
    }
    return count
  }
}

function toFailedJob({ job, error, attempts, at }: FailedRow): FailedJob {
  return { job: JSON.parse(job), error: JSON.parse(error), attempts, at }
}
