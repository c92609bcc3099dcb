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
  /** Runs a second while any went on; null where there were none. */
  readonly rate: number | null
  /** Of the time from when a job was due to its first run, in ms: the median. */
  readonly waited: number | null
  /** Of the time that a run took, in ms: the median. */
  readonly ran: number | null
}

/** Counts what a worker does. */
export class WorkTally {
  readonly #counts = { done: 0, retry: 0, failed: 0, returned: 0 }
  readonly #waited = new Median()
  readonly #ran = new Median()
  #busy = 0
  #busyUntil = 0

  /** @param now When the run was over, in ms on any clock that goes forward */
  add({ outcome, ran, waited }: FinishedRun, now: number): void {
    this.#counts[outcome.kind]++
    this.#ran.add(ran)
    if (waited !== undefined) this.#waited.add(waited)
    // What of this run's time no other run has been counted for yet.
    this.#busy += Math.max(0, now - Math.max(this.#busyUntil, now - ran))
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
