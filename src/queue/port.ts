import { MillraceError, quote } from '../base/errors.ts'
import { isCount } from '../base/number.ts'
import type { FailedJobs } from './failed.ts'
import type { Job } from './job.ts'

/** What becomes of a job after a run. */
export type Outcome =
  | { readonly kind: 'done' }
  /** To be run again, no sooner than `after` ms from now. */
  | { readonly kind: 'retry'; readonly after: number; readonly error: unknown }
  /** Given up after so many runs: to be kept among the failed jobs. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly attempts: number }
  /** The worker stops, and has broken the run off: to be run again, by another worker. */
  | { readonly kind: 'returned'; readonly error: unknown }

/** Who runs the jobs, and decides what becomes of each. */
export interface JobHandler {
  /**
   * Runs the job once. `attempt` is how many runs of it were begun, this one included, and those that the death of a worker cut short.
   * Never rejects.
   */
  run(job: Job, attempt: number): Promise<Outcome>
  /**
   * Told once of each job that is given up, when it is kept among the failed ones: after the outcome `failed`, or because the queue
   * closed and cannot keep it. `attempts` is how often it ran (0: never). Does not throw unless the application's `onError` does.
   */
  failed(job: Job, error: unknown, attempts: number): void
}

export interface WorkOptions {
  /** How many jobs of the queue run in this process at a time. */
  readonly concurrency: number
}

/** How many jobs a queue has. */
export interface QueueCounts {
  readonly queue: string
  /** Due, and not run yet. */
  readonly waiting: number
  /** For a time that has not come: their delay, or a backoff. */
  readonly delayed: number
  readonly running: number
  readonly failed: number
}

/**
 * Where the jobs of queued listeners wait: the port that every driver follows (in process, on disk, BullMQ). Drivers are tested by
 * `queueContract` of `millrace/testing`.
 *
 * **At least once.** A job that was taken MUST be run until an outcome is `done` or `failed`. Where a worker dies in the middle of a run,
 * the job MUST be run again, and that run counts; so a listener can see an event twice, and knows it by its id. It MUST NOT be run while
 * another run of it goes on in a worker that is alive. Order is not promised: jobs run side by side, and retried ones later.
 */
export interface Queue {
  /** Whether it keeps its jobs beyond the end of this process, so that other processes can run them, and look at them. */
  readonly isDurable: boolean
  /** The jobs that were given up. */
  readonly failed: FailedJobs
  /**
   * Takes a job; resolves when it is kept as safely as this driver keeps anything.
   *
   * - MUST take it by value: what happens to the job's objects later does not matter.
   * - MUST NOT run it before the caller's turn of the event loop is over.
   * - MUST do nothing when a job of that id, or with the same `unique`, is still kept (waiting, delayed or running): the caller tries
   *   again after a hand-over whose answer was lost. A failed job of that id is replaced.
   * - MUST reject where it cannot keep it: with `queue_closed` when it is closed, with `queue_full` at a limit of its own, with
   *   `queue_unavailable` where it does not answer. While it waits in `close` it is not closed yet: what runs may add.
   */
  add(job: Job): Promise<void>
  /**
   * Begins to run the jobs of one queue in this process, those already waiting too.
   *
   * - MUST run a job no sooner than its `delay`, and again no sooner than `after` of the outcome.
   * - MUST NOT run more than `concurrency` of them at a time; the jobs of one queue MUST NOT wait for another's.
   * - MUST call `failed` of the handler once for each job that is given up.
   * - MUST throw `option_invalid` when called twice for a queue, and for a concurrency that is no integer of 1 or more.
   */
  work(queue: string, handler: JobHandler, options: WorkOptions): void
  /** Of each queue that has a job, or that this process works on, in order of name. */
  counts(): Promise<readonly QueueCounts[]>
  /**
   * Ends it; resolves when nothing runs any more in this process. A second call gives the first one's promise.
   *
   * MUST wait for the jobs that run. MUST keep those that wait for a later process or, where the driver has no such,
   * run those that are due and hand the rest to `failed` with `queue_closed`. MUST NOT lose one without a word.
   */
  close(): Promise<void>
}

/** What every driver's `work` checks. @throws {MillraceError} `option_invalid` */
export function assertWork(queue: string, concurrency: number, isWorked: boolean): void {
  if (isWorked) {
    const message = `The queue ${quote(queue)} has its worker in this process already. Make a driver for each createEvents.`
    throw new MillraceError('option_invalid', message)
  }
  if (isCount(concurrency)) return
  const message = `The concurrency of queue ${quote(queue)} must be an integer of 1 or more, not ${quote(concurrency)}.`
  throw new MillraceError('option_invalid', message)
}
