import { systemClock } from '../../base/clock.ts'
import { MillraceError, messageOf, type OnError, quote } from '../../base/errors.ts'
import type { Job } from '../job.ts'
import type { JobHandler, Outcome } from '../port.ts'
import { unavailable } from './connection.ts'
import { GivenUp } from './failure.ts'
import type { Entry, EntryWorker } from './library.ts'
import { type Lock, Locks, tickOf } from './locks.ts'
import { fromEntryId, toQueueName } from './names.ts'
import type { Store } from './store.ts'
import { within } from './within.ts'

export interface LaneOptions {
  readonly store: Store
  readonly queue: string
  readonly handler: JobHandler
  readonly concurrency: number
  /** How long a job is locked when its worker is not heard of, in ms. */
  readonly lock: number
  /** How many failed jobs are kept. */
  readonly failedLimit: number
  readonly onError: OnError
}

/** Wait before something is tried again that Redis has not done, in ms. */
const retryDelay = 250

/** How long the same complaint is not repeated, in ms: BullMQ asks again at once. */
const quietTime = 10_000

/** Runs one queue's jobs in this process: BullMQ fetches them, the handler says what becomes of each, BullMQ does it. */
export class Lane {
  readonly #options: LaneOptions
  readonly #runs = new Set<Promise<Outcome>>()
  readonly #complaints = new Map<string, number>()
  #worker: EntryWorker | undefined
  #locks: Locks | undefined
  #isClosed = false
  #isForced = false

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /** Begins once Redis is there: a worker of BullMQ that has never been connected cannot be closed. */
  async begin(): Promise<void> {
    const { connection } = this.#options.store
    const isReady = await connection.readyForWork().catch(() => false)
    if (isReady && !this.#isClosed) this.#work()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#worker === undefined) return
    const closing = this.#worker.close()
    while (this.#runs.size > 0) await Promise.all(this.#runs)
    // What is left is to tell Redis what became of them. It may be away, and then their locks run out.
    await within(this.#options.store.wait, closing)
    this.#isForced = true
    this.#locks?.close()
    await this.#worker.getBackend().close(true)
  }

  #work(): void {
    const { store, queue, concurrency, lock, failedLimit, onError } = this.#options
    const client = store.connection.workClient
    const run = (entry: Entry, token = '') => this.#process(entry, token, locks.hold(entry.id ?? '', token))
    const worker: EntryWorker = new store.library.Worker<Job>(toQueueName(queue), run, {
      connection: client,
      prefix: store.entryPrefix,
      concurrency,
      lockDuration: lock,
      stalledInterval: Math.ceil(tickOf(lock) * 0.9),
      // Ours are the locks, and how often a job may be run.
      skipLockRenewal: true,
      skipStalledCheck: true,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: failedLimit },
      runRetryDelay: retryDelay,
    })
    worker.on('error', (error) => this.#complain(error))
    worker.on('failed', (entry, error) => {
      // Ours are told when they are kept. Another program's doing:
      if (entry !== undefined && !(error instanceof GivenUp)) this.#giveUp(entry, error, entry.attemptsStarted)
    })
    const onLost = (id: string) => onError(lockLost(fromEntryId(id)))
    const locks = new Locks({ worker, client, duration: lock, onLost })
    this.#worker = worker
    this.#locks = locks
  }

  async #process(entry: Entry, token: string, lock: Lock): Promise<void> {
    const { data, attemptsStarted } = entry
    this.#mend(entry, lock)
    if (this.#isClosed) {
      // BullMQ was fetching when it was told to stop. It has counted a run that does not begin.
      await this.#settle(lock, () => this.#options.store.giveBack(entry, token))
      throw this.#leave()
    }
    // A copy: what the run does to it is not to be seen in what is told of it.
    const run = this.#options.handler.run(JSON.parse(JSON.stringify(data)), attemptsStarted)
    this.#runs.add(run)
    const outcome = await run.finally(() => this.#runs.delete(run))
    const isOurs = await this.#patiently(() => lock.confirm())
    if (isOurs?.answer !== true) throw this.#leave()
    if (outcome.kind === 'done') return
    if (outcome.kind === 'failed') throw new GivenUp(entry, outcome.error, outcome.attempts)
    await this.#settle(lock, async () => {
      if (outcome.kind === 'returned') await entry.moveToWait(token)
      // Also with 0: so it goes behind those that wait.
      else await entry.moveToDelayed(systemClock.now() + Math.ceil(outcome.after), token)
    })
    throw this.#leave()
  }

  /**
   * Has BullMQ's last step done until it is done. BullMQ tries it again only where the connection was refused; after any other error
   * (a server out of memory, or loading) it would call a job failed that was done, or leave it to itself.
   */
  #mend(entry: Entry, lock: Lock): void {
    const { moveToCompleted, moveToFailed } = entry
    entry.moveToCompleted = async (...args) => {
      return (await this.#settle(lock, () => moveToCompleted.apply(entry, args)))?.answer
    }
    entry.moveToFailed = async (...args) => {
      const done = await this.#settle(lock, () => moveToFailed.apply(entry, args))
      const [error] = args
      if (done !== undefined && error instanceof GivenUp) this.#giveUp(entry, error.reason, error.attempts)
      return done?.answer
    }
  }

  #giveUp({ data }: Entry, error: unknown, attempts: number): void {
    try {
      this.#options.handler.failed(data, error, attempts)
    } catch (thrown) {
      this.#options.onError(thrown)
    }
  }

  /** What BullMQ takes as: the job is somewhere else already. */
  #leave(): Error {
    return new this.#options.store.library.DelayedError()
  }

  async #settle<T>(lock: Lock, act: () => Promise<T>): Promise<{ readonly answer: T } | undefined> {
    try {
      return await this.#patiently(act)
    } finally {
      lock.release()
    }
  }

  /** Does it, again and again until it is done; or until it turns out that the job is not ours any more. */
  async #patiently<T>(act: () => Promise<T>): Promise<{ readonly answer: T } | undefined> {
    while (!this.#isForced) {
      try {
        return { answer: await act() }
      } catch (error) {
        if (isOthers(error)) return undefined
        this.#complain(error)
        await new Promise<void>((resolve) => systemClock.after(retryDelay, resolve))
      }
    }
    return undefined
  }

  #complain(error: unknown): void {
    const { store, onError } = this.#options
    if (this.#isForced || isOthers(error)) return
    if (store.connection.workClient.status !== 'ready') {
      store.connection.tell(error)
      return
    }
    const why = messageOf(error)
    const now = systemClock.now()
    for (const [said, at] of this.#complaints) if (now - at >= quietTime) this.#complaints.delete(said)
    if (this.#complaints.has(why)) return
    this.#complaints.set(why, now)
    onError(error instanceof MillraceError ? error : unavailable(`BullMQ: ${why}. It is tried again`, error))
  }
}

/**
 * Whether BullMQ says that the job is not there, not locked by us, or not active. Either that was told when the lock was lost, or it was
 * said twice: the answer was lost with a connection, and the command was sent again.
 */
function isOthers(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  return code === -1 || code === -2 || code === -3 || code === -6
}

function lockLost(job: string): MillraceError {
  const message =
    `Job ${quote(job)} runs here, but its lock was lost: this process was held up, or Redis has lost data. ` +
    'It may be run by another worker at the same time.'
  return new MillraceError('lock_lost', message, { data: { job } })
}
