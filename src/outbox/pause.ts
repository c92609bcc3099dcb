import type { Clock } from '../base/clock.ts'

/** A wait that something else than time can end. One at a time. */
export class Pause {
  readonly #clock: Clock
  #look: () => void = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves after `ms`, or as soon as `isOver` is found true. */
  async wait(ms: number, isOver: () => boolean): Promise<void> {
    if (isOver()) return
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(ms, resolve)
      this.#look = () => {
        if (!isOver()) return
        cancel()
        resolve()
      }
    })
    this.#look = () => {}
  }

  /** Something has changed: whoever waits looks whether that is over. */
  look(): void {
    this.#look()
  }
}
