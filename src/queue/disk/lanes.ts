import { assertWork, type JobHandler } from '../port.ts'
import type { Want } from './messages.ts'

/** One queue that this process works on. */
export interface Lane {
  readonly handler: JobHandler
  readonly concurrency: number
  running: number
}

/** The queues that this process works on, and how many jobs of each it runs. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>()
  #onIdle: () => void = () => {}

  /** @throws {MillraceError} `option_invalid` */
  open(queue: string, handler: JobHandler, concurrency: number): void {
    assertWork(queue, concurrency, this.#lanes.has(queue))
    this.#lanes.set(queue, { handler, concurrency, running: 0 })
  }

  get(queue: string): Lane | undefined {
    return this.#lanes.get(queue)
  }

  get names(): Iterable<string> {
    return this.#lanes.keys()
  }

  get isIdle(): boolean {
    return [...this.#lanes.values()].every(({ running }) => running === 0)
  }

  /** Called whenever nothing runs any more. */
  set onIdle(onIdle: () => void) {
    this.#onIdle = onIdle
  }

  begin(lane: Lane): void {
    lane.running++
  }

  end(lane: Lane): void {
    lane.running--
    if (this.isIdle) this.#onIdle()
  }

  /** What could be run besides. */
  wants(): Want[] {
    const all = [...this.#lanes].map(([queue, { concurrency, running }]) => ({ queue, limit: concurrency - running }))
    return all.filter(({ limit }) => limit > 0)
  }
}
