import type { FinishedRun } from './job-runs.ts'
import { Median } from './median.ts'

/** What a worker has done. */
export interface WorkSummary {
  /** Jobs that are done. */
  readonly done: number
  /** Runs that failed, whose jobs are run again. */
  readonly retried: number
  /** Jobs that were given up. */
  readonly failed: number
  /** Jobs that were broken off, and went back to their queue. */
  readonly returned: number
  /** Runs a second, pauses left out; null where there were none. */
  readonly rate: number | null
  /** Of the time from when a job was due to its first run, in ms: the median. */
  readonly waited: number | null
  /** Of the time that a run took, in ms: the median. */
  readonly ran: number | null
}

/** So long without a run is a pause, in ms: less is the way to the queue and back. */
const pause = 1_000

/** Counts what a worker does. */
export class WorkTally {
  readonly #counts = { done: 0, retry: 0, failed: 0, returned: 0 }
  readonly #waited = new Median()
  readonly #ran = new Median()
  #busy = 0
  #busyUntil = Number.NEGATIVE_INFINITY

  /** @param now When the run was over, in ms on any clock that goes forward */
  add({ outcome, ran, waited }: FinishedRun, now: number): void {
    this.#counts[outcome.kind]++
    this.#ran.add(ran)
    if (waited !== undefined) this.#waited.add(waited)
    const begun = now - ran
    this.#busy += begun - this.#busyUntil < pause ? now - this.#busyUntil : ran
    this.#busyUntil = now
  }

  get runs(): number {
    const { done, retry, failed, returned } = this.#counts
    return done + retry + failed + returned
  }

  summary(): WorkSummary {
    const { done, retry: retried, failed, returned } = this.#counts
    return {
      ...{ done, retried, failed, returned },
      rate: this.runs === 0 ? null : (this.runs * 1_000) / Math.max(1, this.#busy),
      waited: this.#waited.value ?? null,
      ran: this.#ran.value ?? null,
    }
  }
}
