import { type Clock, systemClock } from '../../base/clock.ts'
import { MillraceError, messageOf, type OnError, quote, warn } from '../../base/errors.ts'
import { keepAlive } from '../../base/keep-alive.ts'
import { isCount } from '../../base/number.ts'
import type { Database } from '../../sqlite/sqlite.ts'
import { DatabaseThread } from '../../sqlite/thread.ts'
import type { FailedJobs } from '../failed.ts'
import type { Job } from '../job.ts'
import type { JobHandler, Queue, QueueCounts, WorkOptions } from '../port.ts'
import { hearBell } from './bell.ts'
import { DiskFailedJobs } from './disk-failed.ts'
import { Lanes } from './lanes.ts'
import type { QueueReplies, QueueRequest, QueueSettings } from './messages.ts'
import { toNewJob } from './new-job.ts'
import { openQueueFile } from './queue-directory.ts'
import { openSignOfLife, type SignOfLife } from './sign-of-life.ts'
import { Steps } from './steps.ts'

export interface DiskQueueOptions {
  /** @default the system's */
  readonly clock?: Clock
  /** How many failed jobs are kept; past it the oldest go. @default 10_000 */
  readonly failedLimit?: number
  /** Told what nobody waits for: that the file cannot be written, and what a handler's `failed` throws. @default a console warning */
  readonly onError?: OnError
}

/** How often a worker looks whether others have died, and whether something is due that it was not woken for, in ms. */
const tendInterval = 1_000

/** How often it looks for jobs where the system does not say when others have added some, in ms. */
const deafInterval = 100

/**
 * A queue in a directory of this machine, for as many processes as want: those that dispatch, those that work, and those that look. Needs
 * no server; on Node before 22.13 it needs the package `@photostructure/sqlite`. The directory may be that of `disk`.
 *
 * A job that was taken is on disk (fsync), and survives the end of any process at any instant and a crash of the machine. What a worker
 * was running that died is run again within a second or two, by another one.
 *
 * @param dir Is made where it is missing. On a disk of this machine, not on a network's
 * @throws {MillraceError} `data_unavailable`, `data_incompatible`, `dependency_missing`; `option_invalid` for a limit that is no integer
 * of 1 or more
 */
export function diskQueue(dir: string, options: DiskQueueOptions = {}): Queue {
  return new DiskQueue(dir, options)
}

class DiskQueue implements Queue {
  readonly isDurable = true
  readonly failed: FailedJobs
  readonly #dir: string
  readonly #clock: Clock
  readonly #onError: OnError
  readonly #database: Database
  readonly #thread: DatabaseThread<QueueRequest, QueueReplies>
  readonly #steps: Steps
  readonly #lanes: Lanes
  #signOfLife: SignOfLife | undefined
  #ends: (() => void)[] = []
  #isTending = false
  /** While it works: a process that only listens is there for the jobs that others add, and would end without it. */
  #letGo: (() => void) | undefined
  #closing: Promise<void> | undefined
  /** Nothing runs any more that could add something. */
  #isClosed = false

  constructor(dir: string, { clock = systemClock, failedLimit = 10_000, onError = warn }: DiskQueueOptions) {
    if (!isCount(failedLimit)) {
      const message = `The disk queue's failedLimit must be an integer of 1 or more, not ${quote(failedLimit)}.`
      throw new MillraceError('option_invalid', message)
    }
    this.#dir = dir
    this.#clock = clock
    // Should it throw, that is for the process to report, and for nothing here to stumble over.
    this.#onError = (error) => void Promise.resolve(error).then(onError)
    this.#database = openQueueFile(dir)
    const settings: QueueSettings = { dir, failedLimit }
    this.#thread = new DatabaseThread('#queue-thread', settings, (cause) => this.#die(cause))
    this.#steps = new Steps({
      clock,
      onError: this.#onError,
      step: (changes, wants) =>
        this.#ask({ kind: 'step', changes, wants, lock: this.#signOfLife?.name, now: clock.now() }),
      wants: () => this.#lanes.wants(),
      onClaimed: (claimed) => this.#lanes.take(claimed),
    })
    this.#lanes = new Lanes({
      clock,
      settle: (settlement, onKept) => this.#steps.settle(settlement, onKept),
      onError: this.#onError,
    })
    this.failed = new DiskFailedJobs(
      {
        list: async (selection, limit) => (await this.#askOpen({ kind: 'list', selection, limit })).failed,
        change: (kind, selection, after, last) =>
          this.#askOpen({ kind, selection, after, last, now: this.#clock.now() }),
      },
      () => this.#steps.look(),
    )
    // So that who only looks does not see dead workers at work.
    void this.#tend()
  }

  async add(job: Job): Promise<void> {
    if (this.#isClosed) throw closed()
    await this.#steps.add(toNewJob(job, this.#clock.now()))
  }

  work(queue: string, handler: JobHandler, { concurrency }: WorkOptions): void {
    this.#lanes.open(queue, handler, concurrency)
    if (this.#closing !== undefined) return
    this.#letGo ??= keepAlive()
    this.#signOfLife ??= this.#beginWork()
    this.#steps.look()
  }

  async counts(): Promise<readonly QueueCounts[]> {
    const { counts } = await this.#askOpen({ kind: 'counts', now: this.#clock.now() })
    const all = new Map(counts.map((each) => [each.queue, each]))
    for (const queue of this.#lanes.names) {
      if (!all.has(queue)) all.set(queue, { queue, waiting: 0, delayed: 0, running: 0, failed: 0 })
    }
    return [...all.values()].sort((a, b) => (a.queue < b.queue ? -1 : 1))
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut()
    return this.#closing
  }

  async #shut(): Promise<void> {
    for (const end of this.#ends) end()
    this.#letGo?.()
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!this.#steps.isIdle || !this.#lanes.isIdle) return
        this.#isClosed = true
        resolve()
      }
      this.#lanes.stop(look)
      this.#steps.wind(look)
      look()
    })
    // The thread's connection is this process's last one, and so the one that tidies up.
    this.#database.close()
    try {
      const closed = await this.#thread.close({ kind: 'close' })
      this.#signOfLife?.end(closed?.isGone ?? false)
    } catch {
      // It has died at the last moment, and `#die` was told.
      this.#signOfLife?.end(false)
    }
  }

  #beginWork(): SignOfLife {
    const signOfLife = openSignOfLife(this.#dir)
    const look = () => this.#steps.look()
    const every = (ms: number, run: () => void) => void this.#ends.push(this.#clock.every(ms, run))
    every(tendInterval, () => void this.#tend().then(look))
    this.#ends.push(hearBell(this.#dir, look, () => every(deafInterval, look)))
    return signOfLife
  }

  async #tend(): Promise<void> {
    if (this.#isTending) return
    this.#isTending = true
    try {
      await this.#ask({ kind: 'tend' })
    } catch (error) {
      // A dead thread has been told of.
      if (this.#closing === undefined) this.#onError(error)
    } finally {
      this.#isTending = false
    }
  }

  #die(cause: unknown): void {
    const message =
      `The thread that works on the queue on disk has ended: ${messageOf(cause)}. Start this process again: it takes and runs no more ` +
      'jobs. What runs now is run again.'
    const error = new MillraceError('queue_unavailable', message, { cause })
    this.#steps.end(error)
    this.#letGo?.()
    this.#onError(error)
  }

  #askOpen<Kind extends QueueRequest['kind']>(
    request: QueueRequest & { readonly kind: Kind },
  ): Promise<QueueReplies[Kind]> {
    this.#assertOpen()
    return this.#ask<Kind>(request)
  }

  #ask<Kind extends QueueRequest['kind']>(
    request: QueueRequest & { readonly kind: Kind },
  ): Promise<QueueReplies[Kind]> {
    return this.#thread.ask<Kind>(request).catch((cause: unknown) => {
      throw unavailable(cause)
    })
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closed()
  }
}

function closed(): MillraceError {
  return new MillraceError('queue_closed', 'The queue is closed.')
}

function unavailable(cause: unknown): MillraceError {
  const message = `The queue on disk does not answer: ${messageOf(cause)}. Look at the room on the disk and try again; a job stays one.`
  return new MillraceError('queue_unavailable', message, { cause })
}
