// @ts-check
import { Histogram } from './histogram.js'

/** What is counted over all readers. Times are those of {@link import('./clock.js').now}. */
export class Tally {
  /** Deliveries between `from` and `to`, the pieces of streams that they came in, and what those weighed on the wire. */
  deliveries = 0
  pieces = 0
  bytes = 0
  /** Messages that were meant to be sent in that time, whenever they came. */
  latency = new Histogram()
  from = Number.POSITIVE_INFINITY
  to = Number.POSITIVE_INFINITY

  /**
   * @param {number} at when it was meant to be sent
   * @param {number} arrived
   */
  delivered(at, arrived) {
    if (arrived >= this.from && arrived < this.to) this.deliveries++
    // By when it was meant to leave: one that came too late for the time that is measured is a slow one, and counts.
    if (at >= this.from && at < this.to) this.latency.record(arrived - at)
  }

  /**
   * @param {number} bytes
   * @param {number} arrived
   */
  read(bytes, arrived) {
    if (arrived < this.from || arrived >= this.to) return
    this.pieces++
    this.bytes += bytes
  }
}
