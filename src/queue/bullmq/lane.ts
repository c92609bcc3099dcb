import { systemClock } from '../../base/clock.ts'
import { MillraceError, type OnError, quote } from '../../base/errors.ts'
import type { Job } from '../job.ts'
import type { JobHandler, Outcome } from '../port.ts'
import { unavailable } from './connection.ts'
import { GivenUp } from './failure.ts'
import type { Entry, EntryWorker } from './library.ts'
import { Locks, tickOf } from './locks.ts'
import { fromEntryId, toQueueName } from './names.ts'
import type { Store } from './store.ts'

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

/** Wait before something is tried again that the loss of the connection has cut short, in ms. */
const retryDelay = 250

/** Runs one queue's jobs in this process: BullMQ fetches them, the handler says what becomes of each, BullMQ does it. */
export class Lane {
  readonly #options: LaneOptions
  readonly #runs = new Set<Promise<Outcome>>()
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
    await this.#within(this.#options.store.wait, closing)
    this.#locks?.close()
    this.#isForced = true
  }

  #work(): void {
    const { store, queue, concurrency, lock, failedLimit, onError } = this.#options
    const { library, connection, entryPrefix } = store
    const client = connection.workClient
    const worker: EntryWorker = new library.Worker<Job>(
      toQueueName(queue),
      (entry, token) => this.#process(entry, token),
      {
        connection: client,
        prefix: entryPrefix,
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
      },
    )
    worker.on('error', (error) => {
      if (this.#isForced) return
      if (client.status !== 'ready') connection.tell(error)
      else onError(error instanceof MillraceError ? error : unavailable(`BullMQ: ${error.message}`, error))
    })
    const onLost = (id: string) => onError(lockLost(fromEntryId(id)))
    this.#locks = new Locks({ worker, client, duration: lock, onLost })
    worker.on('completed', ({ id }) => this.#locks?.release(id ?? ''))
    worker.on('failed', (entry, error) => this.#gaveUp(entry, error))
    this.#worker = worker
  }

  async #process(entry: Entry, token = ''): Promise<void> {
    const { id = '', data, attemptsStarted } = entry
    this.#locks?.hold(id, token)
    if (this.#isClosed) {
      // BullMQ was fetching when it was told to stop. It has counted a run that does not begin.
      await this.#patiently(() => this.#options.store.giveBack(entry, token))
      this.#locks?.release(id)
      throw this.#leave()
    }
    // A copy: what the run does to it is not to be seen in what is told of it.
    const run = this.#options.handler.run(JSON.parse(JSON.stringify(data)), attemptsStarted)
    this.#runs.add(run)
    const outcome = await run.finally(() => this.#runs.delete(run))
    if (!(await this.#patiently(() => this.#locks?.isHeld(id) ?? Promise.resolve(false)))) throw this.#leave()
    if (outcome.kind === 'done') return
    if (outcome.kind === 'failed') throw new GivenUp(entry, outcome.error, outcome.attempts)
    await this.#patiently(async () => {
      if (outcome.kind === 'returned') await entry.moveToWait(token)
      // Also with 0: so it goes behind those that wait.
      else await entry.moveToDelayed(systemClock.now() + Math.ceil(outcome.after), token)
    })
    this.#locks?.release(id)
    throw this.#leave()
  }

  #gaveUp(entry: Entry | undefined, error: Error): void {
    if (entry === undefined) return
    this.#locks?.release(entry.id ?? '')
    const { handler } = this.#options
    if (error instanceof GivenUp) handler.failed(entry.data, error.reason, error.attempts)
    else handler.failed(entry.data, error, entry.attemptsStarted)
  }

  /** What BullMQ takes as: the job is somewhere else already. */
  #leave(): Error {
    return new this.#options.store.library.DelayedError()
  }

  /** Does it, again and again while the connection is away. What Redis refuses is told, and over: the job is not ours any more. */
  async #patiently<T>(act: () => Promise<T>): Promise<T | undefined> {
    const { store, onError } = this.#options
    for (;;) {
      try {
        return await act()
      } catch (error) {
        if (this.#isForced) return undefined
        if (store.library.isNotConnectionError(error as Error) && store.connection.workClient.status === 'ready') {
          onError(unavailable('What became of a job could not be kept; it will be run again', error))
          return undefined
        }
        await new Promise<void>((resolve) => systemClock.after(retryDelay, resolve))
      }
    }
  }

  async #within(ms: number, closing: Promise<void>): Promise<void> {
    let cancel = () => {}
    const late = new Promise<void>((resolve) => {
      cancel = systemClock.after(ms, resolve)
    })
    await Promise.race([closing, late])
    cancel()
    await this.#worker?.getBackend().close(true)
  }
}

function lockLost(job: string): MillraceError {
  const message =
    `Job ${quote(job)} runs here, but its lock was lost: this process was held up, or Redis has lost data. ` +
    'It may be run by another worker at the same time.'
  return new MillraceError('lock_lost', message, { data: { job } })
}
