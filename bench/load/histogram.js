// @ts-check

/** Buckets for each doubling: a value is off by less than 1 in 128. */
const perDoubling = 128
const doublings = 32

/** Counts of microseconds, in buckets that grow with the value: the cost of recording does not grow with the number of values. */
export class Histogram {
  #counts = new Float64Array(perDoubling * doublings)
  #total = 0
  #max = 0

  /** @param {number} value whole microseconds; negative ones count as 0 */
  record(value) {
    const us = Math.max(0, value)
    const index = indexOf(us)
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#total++
    if (us > this.#max) this.#max = us
  }

  /** Milliseconds; undefined where nothing was recorded. */
  summary() {
    if (this.#total === 0) return undefined
    const at = (/** @type {number} */ share) => this.#quantile(share) / 1000
    return { count: this.#total, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: this.#max / 1000 }
  }

  /** @param {number} share */
  #quantile(share) {
    let left = Math.ceil(this.#total * share)
    for (const [index, count] of this.#counts.entries()) {
      left -= count
      if (left <= 0) return Math.min(topOf(index), this.#max)
    }
    return this.#max
  }
}

/** @param {number} us */
function indexOf(us) {
  if (us < perDoubling) return us
  const doubling = Math.floor(Math.log2(us / perDoubling))
  const within = Math.floor(us / 2 ** doubling) - perDoubling
  return Math.min(perDoubling * (doubling + 1) + within, perDoubling * doublings - 1)
}

/**
 * The largest value of a bucket.
 *
 * @param {number} index
 */
function topOf(index) {
  if (index < perDoubling) return index
  const doubling = Math.floor(index / perDoubling) - 1
  return (perDoubling + (index % perDoubling) + 1) * 2 ** doubling - 1
}
