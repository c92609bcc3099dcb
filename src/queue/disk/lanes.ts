import type { Clock } from '../../base/clock.ts'
import type { OnError } from '../../base/errors.ts'
import { toJobError } from '../failed.ts'
import type { Job } from '../job.ts'
import { assertWork, type JobHandler, type Outcome } from '../port.ts'
import type { Claimed, Settlement, Want } from './messages.ts'

export interface LanesOptions {
  readonly clock: Clock
  /** Is to write what became of a job, and to call `onKept` when it is written. */
  readonly settle: (settlement: Settlement, onKept?: () => void) => void
  readonly onError: OnError
}

/** One queue that this process works on. */
interface Lane {
  readonly handler: JobHandler
  readonly concurrency: number
  running: number
}

/** The queues that this process works on: runs the jobs that were claimed, and says what became of each. */
export class Lanes {
  readonly #options: LanesOptions
  readonly #lanes = new Map<string, Lane>()
  /** What is claimed from now on goes back. */
  #isStopped = false
  #onIdle: () => void = () => {}

  constructor(options: LanesOptions) {
    this.#options = options
  }

  /** @throws {MillraceError} `option_invalid` */
  open(queue: string, handler: JobHandler, concurrency: number): void {
    assertWork(queue, concurrency, this.#lanes.has(queue))
    this.#lanes.set(queue, { handler, concurrency, running: 0 })
  }

  get names(): Iterable<string> {
    return this.#lanes.keys()
  }

  get isIdle(): boolean {
    return [...this.#lanes.values()].every(({ running }) => running === 0)
  }

  /** What could be run besides. */
  wants(): Want[] {
    if (this.#isStopped) return []
    const all = [...this.#lanes].map(([queue, { concurrency, running }]) => ({ queue, limit: concurrency - running }))
    return all.filter(({ limit }) => limit > 0)
  }

  take(claimed: readonly Claimed[]): void {
    for (const job of claimed) {
      const lane = this.#lanes.get(job.queue)
      if (lane === undefined || this.#isStopped) this.#options.settle({ kind: 'unbegun', seq: job.seq })
      // It rejects only where a handler does, which none may.
      else void this.#run(job, lane)
    }
  }

  /** Begins no more runs. @param onIdle Called whenever nothing runs any more */
  stop(onIdle: () => void): void {
    this.#isStopped = true
    this.#onIdle = onIdle
  }

  async #run({ seq, attempt, json }: Claimed, lane: Lane): Promise<void> {
    lane.running++
    const outcome = await lane.handler.run(JSON.parse(json), attempt)
    this.#settle(seq, json, outcome, lane.handler)
    lane.running--
    if (this.isIdle) this.#onIdle()
  }

  #settle(seq: number, json: string, outcome: Outcome, handler: JobHandler): void {
    const { clock, settle } = this.#options
    const now = clock.now()
    switch (outcome.kind) {
      case 'done':
        settle({ kind: 'done', seq })
        return
      case 'retry':
        settle({ kind: 'retry', seq, due: now + outcome.after })
        return
      case 'returned':
        // The worker stops: it would be given the same job at once.
        this.#isStopped = true
        settle({ kind: 'retry', seq, due: now })
        return
      case 'failed': {
        const { error, attempts } = outcome
        const kept = JSON.stringify(toJobError(error))
        settle({ kind: 'failed', seq, error: kept, attempts, at: now }, () =>
          this.#tellFailed(handler, JSON.parse(json), error, attempts),
        )
      }
    }
  }

  #tellFailed(handler: JobHandler, job: Job, error: unknown, attempts: number): void {
    try {
      handler.failed(job, error, attempts)
    } catch (thrown) {
      this.#options.onError(thrown)
    }
  }
}
