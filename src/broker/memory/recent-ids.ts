import type { Position } from '../port.ts'

interface Remembered {
  readonly position: Position | null
  readonly until: number
}

/** The publishers' ids of a time window, and the position that each was given. */
export class RecentIds {
  /** A Map keeps the order of insertion, so the ones to forget are at its front. */
  readonly #ids = new Map<string, Remembered>()
  readonly #window: number

  constructor(window: number) {
    this.#window = window
  }

  find(id: string, now: number): Remembered | undefined {
    this.forget(now)
    return this.#ids.get(id)
  }

  remember(id: string, position: Position | null, now: number): void {
    this.#ids.set(id, { position, until: now + this.#window })
  }

  forget(now: number): void {
    for (const [id, { until }] of this.#ids) {
      if (until > now) break
      this.#ids.delete(id)
    }
  }
}
