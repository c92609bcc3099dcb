import type { Clock } from '../base/clock.ts'
import { MillraceError, quote } from '../base/errors.ts'
import { isDuration } from '../base/number.ts'

/**
 * A clock that stands still until it is told to go on: for `createEvents`, `createHub`, `memoryQueue`, `memory` and whatever else takes
 * a `clock`. Its timers are no timers of the platform, so none of them keeps a process alive.
 */
export class ManualClock implements Clock {
  readonly #timers = new Map<() => void, number>()
  #now: number

  /** @param start Its first moment, in ms since the Unix epoch. @default when it is made */
  constructor(start: number = Date.now()) {
    this.#now = start
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

  /**
   * Goes on by `ms`, and fires what falls due on the way, in order of time. What that has begun and awaits goes on later, as ever.
   *
   * @throws {MillraceError} `option_invalid` for what is no number of 0 or more: it does not go back.
   */
  advance(ms: number): void {
    if (!isDuration(ms)) {
      throw new MillraceError('option_invalid', `A clock goes on by milliseconds, 0 or more, not by ${quote(ms)}.`)
    }
    const end = this.#now + ms
    for (;;) {
      const next = this.#first()
      if (next === undefined || next[1] > end) break
      this.#now = Math.max(this.#now, next[1])
      next[0]()
    }
    this.#now = end
  }

  /** Of those due together, the one that was set first. */
  #first(): [fire: () => void, at: number] | undefined {
    let first: [() => void, number] | undefined
    for (const timer of this.#timers) if (first === undefined || timer[1] < first[1]) first = timer
    return first
  }
}

/** @param start Its first moment. @default when it is made */
export function manualClock(start: number | Date = Date.now()): ManualClock {
  return new ManualClock(Number(start))
}
