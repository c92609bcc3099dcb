import {
  defaultPage,
  type FailedJob,
  type FailedJobs,
  type FailedSelection,
  isSelected,
  toJobError,
  toRetried,
} from './failed.ts'
import type { Job } from './job.ts'

/** The failed jobs of the queue in memory. */
export class MemoryFailedJobs implements FailedJobs {
  readonly #limit: number
  /** Puts a job back; says whether it was taken. */
  readonly #restore: (job: Job) => boolean
  /** In order of time. JSON, as a job is: what is done to one that was given out does not matter. */
  readonly #kept = new Map<string, string>()

  constructor(limit: number, restore: (job: Job) => boolean) {
    this.#limit = limit
    this.#restore = restore
  }

  keep(job: Job, error: unknown, attempts: number, at: number): void {
    const failed: FailedJob = { job, error: toJobError(error), attempts, at }
    this.#kept.delete(job.id)
    this.#kept.set(job.id, JSON.stringify(failed))
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > this.#limit && oldest !== undefined) this.#kept.delete(oldest)
  }

  drop(id: string): void {
    this.#kept.delete(id)
  }

  queues(): Iterable<string> {
    return new Set(this.#all().map(({ job }) => job.queue))
  }

  count(queue: string): number {
    return this.#select({ queue }).length
  }

  async list({ limit = defaultPage, ...selection }: FailedSelection & { limit?: number } = {}): Promise<FailedJob[]> {
    return this.#select(selection).reverse().slice(0, limit)
  }

  async get(id: string): Promise<FailedJob | undefined> {
    return this.#select({ id })[0]
  }

  async retry(selection: FailedSelection): Promise<number> {
    let count = 0
    for (const { job } of this.#select(selection)) {
      if (!this.#restore(toRetried(job))) continue
      this.#kept.delete(job.id)
      count++
    }
    return count
  }

  async forget(selection: FailedSelection): Promise<number> {
    const found = this.#select(selection)
    for (const { job } of found) this.#kept.delete(job.id)
    return found.length
  }

  #select(selection: FailedSelection): FailedJob[] {
    return this.#all().filter((failed) => isSelected(failed, selection))
  }

  #all(): FailedJob[] {
    return [...this.#kept.values()].map((json) => JSON.parse(json))
  }
}
