/** How a queued listener is run, as the application says it. Times are milliseconds. */
export interface QueueOptions {
  /** Which queue: each has its own order and its own share of the work. @default 'default' */
  readonly name?: string
  /** How long a job waits at least before its first run. @default 0 */
  readonly delay?: number
  /** How often it is run at most, the first run included; 1 never retries. @default 3 */
  readonly attempts?: number
  /**
   * How long it waits after a failed run: always the same, or after the first, the second and so on, where the last
   * stands for all that follow. @default [1_000, 5_000]
   */
  readonly backoff?: number | readonly number[]
}

/** {@link QueueOptions} with the defaults filled in, as a driver gets and keeps them. */
export interface JobOptions {
  readonly name: string
  readonly delay: number
  readonly attempts: number
  /** Never empty. */
  readonly backoff: readonly number[]
}

/** One event for one queued listener. It is JSON, and stays the same through `JSON.parse(JSON.stringify(job))`. */
export interface Job {
  /** `<event id>/<listener id>`: the same event for the same listener is the same job. */
  readonly id: string
  /** The listener's id; by it the worker, perhaps in another process or a later one, finds the function. */
  readonly listener: string
  readonly event: JobEvent
}

/** The fields of an event. As JSON they are no event yet: `createEvents` makes it one again for the listener. */
export interface JobEvent {
  readonly id: string
  readonly name: string
  readonly data: unknown
  readonly at: number
}

/** One run of a job. */
export interface JobRun {
  /** Which run it is, from 1. */
  readonly attempt: number
}

/** Who runs the jobs. */
export interface JobHandler {
  /** Runs the job's listener; a rejection is a failed run. */
  run(job: Job, run: JobRun): Promise<void>
  /**
   * Told once of each job that is given up: because it has failed in all its runs, or because the queue closed and
   * cannot keep it. `attempt` is how often it ran (0: never). Does not throw unless the application's `onError` does.
   */
  failed(job: Job, error: unknown, attempt: number): void
}

/**
 * Where the jobs of queued listeners wait: the port that every driver follows (in process, embedded store, BullMQ).
 * `test/contract/queue.ts` is this text as tests.
 *
 * **At least once.** A job that was taken MUST be run until a run succeeds or its attempts are used up. Where a process
 * may die in the middle of a run, the job MUST be run again, so a listener can see an event twice; it knows the event by
 * its id. Order is not promised: jobs run side by side, and retried ones later.
 */
export interface Queue {
  /**
   * Takes a job; resolves when it is kept as safely as this driver keeps anything.
   *
   * - MUST take it by value: what happens to the job's objects later does not matter.
   * - MUST NOT run it before the caller's turn of the event loop is over.
   * - MUST do nothing when a job of that id is still kept (waiting, delayed or running): the caller tries again after a
   *   hand-over whose answer was lost.
   * - MUST reject where it cannot keep it: with `queue_closed` after `close`, with `queue_full` at a limit of its own.
   */
  add(job: Job, options: JobOptions): Promise<void>
  /**
   * Begins to run jobs, those already waiting too.
   *
   * - MUST run a job no sooner than its `delay`, and again after a failed run no sooner than its `backoff`.
   * - MUST bound how many run at a time for each queue name; one name's jobs MUST NOT wait for another's.
   * - MUST call `failed` once for each job that is given up, with the last error; MUST NOT call it for one that will
   *   be tried again.
   * - MUST throw `option_invalid` when called twice: two handlers would take each other's jobs.
   */
  work(handler: JobHandler): void
  /**
   * Ends it; resolves when nothing runs any more. A second call gives the first one's promise.
   *
   * MUST wait for the jobs that run. MUST keep those that wait for a later process or, where the driver has no such,
   * run those that are due and hand the rest to `failed` with `queue_closed`. MUST NOT lose one without a word.
   */
  close(): Promise<void>
}
