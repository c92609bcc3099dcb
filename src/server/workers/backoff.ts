/** How long after the death of a worker the next one is started, in ms: the more of them died early in a row, the longer. */
const delays = [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]

/** Who has served for longer than this, in ms, has not died of starting. */
const early = 2_000

/** The waits between the deaths of a worker and its replacements. */
export class Backoff {
  #deaths = 0

  /** The wait after a death, in ms. @param served for how long the process that has died had served, in ms */
  next(served: number): number {
    if (served > early) this.#deaths = 0
    return delays[Math.min(this.#deaths++, delays.length - 1)] ?? 0
  }
}
