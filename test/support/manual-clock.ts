import type { Clock } from '../../src/base/clock.ts'

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  readonly #timers = new Map<() => void, number>()
  #now: number

  constructor(now = 1_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    const fire = () => {
      this.#timers.delete(fire)
      run()
    }
    this.#timers.set(fire, this.#now + ms)
    return () => this.#timers.delete(fire)
  }

  every(ms: number, run: () => void): () => void {
    let cancel = () => {}
    const next = () => {
      cancel = this.after(ms, next)
      run()
    }
    cancel = this.after(ms, next)
    return () => cancel()
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#timers.size
  }

  /** Goes on by `ms`, firing what falls due on the way, in order of time. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a - b)
      if (next === undefined || next[1] > end) break
      this.#now = Math.max(this.#now, next[1])
      next[0]()
    }
    this.#now = end
  }
}

/** Ends after the jobs that this turn of the event loop has made due have started, and settled where they could. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
