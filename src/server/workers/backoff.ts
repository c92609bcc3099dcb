/** How long after the death of a worker the next one is started, in ms: the more of them died early in a row, the longer. */
const delays = [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]

/** Who dies later than this after the start, in ms, has not died of starting. */
const early = 10_000

/** The waits between the deaths of a worker and its replacements. */
export class Backoff {
  #deaths = 0

  /** The wait after a death, in ms. @param age of the process that has died, in ms */
  next(age: number): number {
    if (age > early) this.#deaths = 0
    return delays[Math.min(this.#deaths++, delays.length - 1)] ?? 0
  }
}
