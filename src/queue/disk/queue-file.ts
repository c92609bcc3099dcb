import { join } from 'node:path'
import { FreePages } from '../../sqlite/free-pages.ts'
import { type Database, inTransaction, openDatabase, type Statement } from '../../sqlite/sqlite.ts'
import { type FailedSelection, toRetried } from '../failed.ts'
import type { Job } from '../job.ts'
import type { QueueCounts } from '../port.ts'
import { Bell } from './bell.ts'
import { FailedTable } from './failed-table.ts'
import { JobTable } from './job-table.ts'
import type { Change, Claimed, FailedRow, QueueReplies, QueueSettings, Stretch, Want } from './messages.ts'
import { toNewJob } from './new-job.ts'
import { queueForm } from './schema.ts'
import { Workers } from './workers.ts'

/** When about so many bytes have been written ahead, they are put in their place. */
const checkpointBytes = 4 * 1024 * 1024

/** What a commit writes at least: a page of each table and index that it touches. */
const commitBytes = 24 * 1024

/** The failed jobs are counted after so many more. */
const trimAfter = 100

/** No worker has it. */
const nobody = -1

/**
 * The one that works on the queue's file, in a thread of its own, as its calls wait for the disk and for other processes.
 *
 * Jobs that are taken are flushed to the disk before it returns. What becomes of them is not (SQLite's `synchronous = NORMAL`): it is safe
 * from the end of any process at once, and from a crash of the machine with the next flush, which `tend` sees to.
 */
export class QueueFile {
  readonly #database: Database
  readonly #jobs: JobTable
  readonly #failed: FailedTable
  readonly #workers: Workers
  readonly #bell: Bell
  readonly #freePages: FreePages
  readonly #flush: Statement
  #worker = nobody
  #isFlushing: boolean | undefined
  #unflushed = false
  #aheadBytes = 0
  #untrimmed = 0

  constructor({ dir, failedLimit }: QueueSettings) {
    this.#database = openDatabase(join(dir, queueForm.name))
    this.#database.exec(queueForm.ofEveryConnection)
    this.#jobs = new JobTable(this.#database)
    this.#failed = new FailedTable(this.#database, failedLimit)
    this.#workers = new Workers(this.#database, dir)
    this.#freePages = new FreePages(this.#database)
    this.#flush = this.#database.prepare('UPDATE flushes SET count = count + 1')
    this.#bell = new Bell(dir)
  }

  step(
    changes: readonly Change[],
    wants: readonly Want[],
    lock: string | undefined,
    now: number,
  ): QueueReplies['step'] {
    const isEntering = lock !== undefined && this.#worker === nobody
    const isDue = wants.some(({ queue }) => (this.#jobs.next(queue) ?? Number.POSITIVE_INFINITY) <= now)
    let claimed: Claimed[] = []
    if (changes.length > 0 || isEntering || isDue) {
      const hasAdds = changes.some(({ kind }) => kind === 'add')
      const [worker, all, left] = this.#write(hasAdds, () => {
        const own = isEntering ? this.#workers.enter(lock) : this.#worker
        const waiting = this.#change(changes, own)
        const taken = own === nobody ? [] : wants.flatMap((want) => this.#jobs.claim(want, own, now))
        for (const { seq } of taken) waiting.delete(seq)
        return [own, taken, waiting.size]
      })
      this.#worker = worker
      claimed = all
      if (left > 0) this.#ring()
    }
    return { kind: 'stepped', claimed, next: this.#nextOf(wants, claimed) }
  }

  /** Whatever is to be done now and then. */
  tend(): void {
    if (this.#workers.removeDead(this.#worker) > 0) {
      this.#unflushed = true
      this.#ring()
    }
    if (this.#untrimmed > 0) {
      this.#write(false, () => this.#failed.trim())
      this.#untrimmed = 0
    }
    // Outside of a transaction of ours, as it makes its own.
    this.#freePages.giveBack()
    if (!this.#unflushed) return
    this.#write(true, () => this.#flush.run())
    this.#unflushed = false
  }

  counts(now: number): QueueCounts[] {
    return inTransaction(this.#database, 'DEFERRED', () => this.#jobs.counts(now))
  }

  list(selection: FailedSelection, limit: number): FailedRow[] {
    return this.#failed.list(selection, limit)
  }

  retry(selection: FailedSelection, after: number, last: number | undefined, now: number): Stretch {
    const stretch = this.#stretch(selection, after, last, ({ job }) => {
      const retried = toRetried(JSON.parse(job) as Job)
      return this.#jobs.add(toNewJob(retried, now)) !== undefined
    })
    if (stretch.count > 0) this.#ring()
    return stretch
  }

  forget(selection: FailedSelection, after: number, last: number | undefined): Stretch {
    return this.#stretch(selection, after, last, () => true)
  }

  /** Puts what was written ahead in its place, where it has become much. To be called when nobody waits. */
  checkpointIfDue(): void {
    if (this.#aheadBytes < checkpointBytes) return
    this.#aheadBytes = 0
    this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)')
  }

  /** @returns whether nothing in the file speaks of this worker any more */
  close(): boolean {
    let isGone = this.#worker === nobody
    try {
      if (!isGone) {
        this.#write(true, () => this.#workers.remove(this.#worker))
        isGone = true
        this.#ring()
      }
    } catch {
      // As good as if it had died now: the others see that its lock is free.
    }
    this.#bell.close()
    this.#database.close()
    return isGone
  }

  /** Makes the changes. @returns the numbers of the jobs that anybody may take now, or later */
  #change(changes: readonly Change[], worker: number): Set<number> {
    const waiting = new Set<number>()
    for (const change of changes) {
      if (change.kind === 'add') {
        const seq = this.#jobs.add(change.job)
        if (seq === undefined) continue
        waiting.add(seq)
        this.#aheadBytes += change.job.json.length
        continue
      }
      this.#jobs.settle(change, worker)
      if (change.kind === 'failed') this.#untrimmed++
      else if (change.kind !== 'done') waiting.add(change.seq)
    }
    if (this.#untrimmed >= trimAfter) {
      this.#failed.trim()
      this.#untrimmed = 0
    }
    return waiting
  }

  #nextOf(wants: readonly Want[], claimed: readonly Claimed[]): number | undefined {
    const unmet = wants.filter(({ queue, limit }) => claimed.filter((job) => job.queue === queue).length < limit)
    const dues = unmet.map(({ queue }) => this.#jobs.next(queue)).filter((due) => due !== undefined)
    return dues.length === 0 ? undefined : Math.min(...dues)
  }

  #stretch(
    selection: FailedSelection,
    after: number,
    last: number | undefined,
    isRemoved: (row: FailedRow) => boolean,
  ): Stretch {
    return this.#write(true, () => {
      const end = last ?? this.#failed.last()
      const [rows, next] = this.#failed.after(after, end, selection)
      let count = 0
      for (const row of rows) {
        if (!isRemoved(row)) continue
        this.#failed.remove(row.seq)
        count++
      }
      return { kind: 'stretch', count, after: next, last: end }
    })
  }

  /** @param isFlushed Whether it is on the disk when this returns */
  #write<T>(isFlushed: boolean, work: () => T): T {
    if (this.#isFlushing !== isFlushed) {
      this.#database.exec(`PRAGMA synchronous = ${isFlushed ? 'FULL' : 'NORMAL'}`)
      this.#isFlushing = isFlushed
    }
    const result = inTransaction(this.#database, 'IMMEDIATE', work)
    if (!isFlushed) this.#unflushed = true
    this.#aheadBytes += commitBytes
    return result
  }

  #ring(): void {
    if (this.#workers.hasOthers(this.#worker)) this.#bell.ring()
  }
}
