import { MillraceError } from '../base/errors.ts'
import type { Events } from '../events/api.ts'
import type { Event } from '../events/define.ts'
import { createEvents } from '../events/dispatch.ts'
import { reasonOf } from '../events/dispatch-error.ts'
import { type DispatchedEvents, dispatchedIn } from './dispatched.ts'
import { HeldQueue, type RanJob } from './held-queue.ts'
import { intercept, type RunOption } from './interception.ts'
import { ManualClock } from './manual-clock.ts'
import { type QueuedJobs, queuedIn } from './queued.ts'
import { failureOf, runDue, runsFailed } from './run-jobs.ts'

export interface FakeEventsOptions {
  /**
   * Whether the listeners that are registered run: all of them, none, or those of some events, by their definitions or by a function.
   * An event whose listeners do not run is written down, and that is all: nothing is queued for it either.
   * @default true
   */
  readonly run?: RunOption
  /** Of delays, backoffs, timeouts and `retryUntil`. @default manualClock() */
  readonly clock?: ManualClock
}

export interface RunJobsOptions {
  /** Runs what falls due within so many ms as well, and puts the clock forward by these. @default 0: what is due now */
  readonly within?: number
  /** Whether runs may fail without `runJobs` failing. @default false */
  readonly mayFail?: boolean
}

/** Real events that write down what is dispatched, and hold their jobs until they are told to run them. */
export interface FakeEvents extends Events, DispatchedEvents, QueuedJobs {
  readonly clock: ManualClock
  /**
   * Runs the jobs that are due, one after the other, and those that they lead to, until none is due. Resolves with each run, in order.
   *
   * @throws {MillraceError} `listener_failed` where a run failed, also one that is to be tried again, once all have run; unless `mayFail`.
   * The message names each; its `cause` is what the listener threw, or an `AggregateError` of such.
   */
  runJobs(options?: RunJobsOptions): Promise<readonly RanJob[]>
}

/**
 * Events for tests: to be passed, or put, where the application has its own. Inline listeners run in the dispatch as ever; queued ones
 * when `runJobs` is called.
 *
 * They hold nothing that keeps a process alive, and need not be closed.
 */
export function fakeEvents({ run = true, clock = new ManualClock() }: FakeEventsOptions = {}): FakeEvents {
  const dispatched: Event[] = []
  const strays: unknown[] = []
  const queue = new HeldQueue(clock)
  const onError = (error: unknown) => {
    if (!isOfRun(error)) strays.push(error)
  }
  const events = createEvents({ queue, clock, onError })
  const interception = intercept(events, (event) => dispatched.push(event), run)

  return Object.assign(events, interception, dispatchedIn(dispatched), queuedIn(queue.taken), {
    clock,
    async runJobs({ within = 0, mayFail = false }: RunJobsOptions = {}) {
      const ran = await runDue(queue, clock, within)
      const failures = ran.flatMap(failureOf)
      for (const error of strays.splice(0)) failures.push({ error, text: reasonOf(error) })
      if (failures.length > 0 && !mayFail) throw runsFailed(failures)
      return ran
    },
  })
}

/** That a job was given up, its run has told already. What an `onFailed` throws, nobody else tells. */
function isOfRun(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'listener_failed' && 'attempt' in error.data
}
