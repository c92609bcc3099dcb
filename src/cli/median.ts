/** Buckets for each doubling of the value: what it gives is off by 2 % at most. */
const perDoubling = 32

/** The median of values that are too many to be kept. */
export class Median {
  readonly #counts = new Map<number, number>()
  #total = 0

  /** @param value 0 or more */
  add(value: number): void {
    const bucket = Math.round(Math.log2(value + 1e-3) * perDoubling)
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1)
    this.#total++
  }

  /** Undefined where there were no values. */
  get value(): number | undefined {
    let left = Math.ceil(this.#total / 2)
    for (const [bucket, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      left -= count
      if (left <= 0) return Math.max(0, 2 ** (bucket / perDoubling) - 1e-3)
    }
    return undefined
  }
}
