import type { Clock } from '../../base/clock.ts'
import type { OnError } from '../../base/errors.ts'

/** How long to wait before what failed is tried again, in ms: doubled each time up to the last. */
const delays = [100, 200, 400, 800, 1600]

/**
 * What everyone who reads waits for together while the broker is away: one report, and one timer, however many they are.
 */
export class Outage {
  readonly #clock: Clock
  readonly #onError: OnError
  /** Failures in a row. */
  #failures = 0
  #pause: Promise<void> | undefined

  constructor(clock: Clock, onError: OnError) {
    this.#clock = clock
    this.#onError = onError
  }

  /** Tries until it succeeds, or nobody wants it any more: then undefined. */
  async outlast<T>(attempt: () => Promise<T>, isWanted: () => boolean): Promise<T | undefined> {
    for (;;) {
      while (this.#pause !== undefined) await this.#pause
      if (!isWanted()) return undefined
      try {
        const result = await attempt()
        this.#failures = 0
        return result
      } catch (error) {
        this.#fail(error)
      }
    }
  }

  #fail(error: unknown): void {
    // It was begun before the one that failed first had done so.
    if (this.#pause !== undefined) return
    if (this.#failures === 0) this.#onError(error)
    const delay = delays[Math.min(this.#failures, delays.length - 1)] ?? 0
    this.#failures++
    this.#pause = new Promise((resolve) => {
      this.#clock.after(delay, () => {
        this.#pause = undefined
        resolve()
      })
    })
  }
}
