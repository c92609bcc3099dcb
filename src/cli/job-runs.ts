import { tracingChannel } from 'node:diagnostics_channel'
import type { JobRun } from '../base/watched.ts'

/** A run of a job that is over. Times are milliseconds. */
export interface FinishedRun {
  readonly run: JobRun
  readonly outcome: NonNullable<JobRun['result']>
  /** How long it took. */
  readonly ran: number
  /** How long it waited from the moment it was due, where it is the job's first run. */
  readonly waited: number | undefined
}

export interface RunWatcher {
  /** How many runs go on now. */
  readonly running: number
  stop(): void
}

/**
 * Tells of each run of a job in this process.
 *
 * By the channel that everybody can watch, because the application may have another copy of this package than the one that this
 * command is part of.
 */
export function watchRuns(onFinished: (finished: FinishedRun) => void): RunWatcher {
  const channel = tracingChannel<unknown, JobRun>('millrace.job.run')
  const begun = new Map<object, number>()
  const start = (run: unknown) => void begun.set(run as JobRun, performance.now())
  const asyncEnd = (message: unknown) => {
    const run = message as JobRun
    const at = begun.get(run)
    begun.delete(run)
    if (at === undefined || run.result === undefined) return
    const waited = run.attempt === 1 ? Math.max(0, performance.timeOrigin + at - run.due) : undefined
    onFinished({ run, outcome: run.result, ran: performance.now() - at, waited })
  }
  // Each by itself: `subscribe` of the whole wants a function for all five.
  channel.start.subscribe(start)
  channel.asyncEnd.subscribe(asyncEnd)
  return {
    get running() {
      return begun.size
    },
    stop() {
      channel.start.unsubscribe(start)
      channel.asyncEnd.unsubscribe(asyncEnd)
    },
  }
}
