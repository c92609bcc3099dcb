/** Chance that can be had again: the same seed, the same numbers. Good enough for schedules, and for nothing secret. */
export class Prng {
  readonly seed: string
  #state: number

  constructor(seed: string) {
    this.seed = seed
    // FNV-1a, so that seeds that differ in one letter share nothing.
    let hash = 0x811c9dc5
    for (const character of seed) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
    this.#state = hash >>> 0
  }

  /** Numbers of its own for one part, whatever the others draw. */
  fork(name: string | number): Prng {
    return new Prng(`${this.seed}/${name}`)
  }

  /** From 0 up to and without 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly T[]): T {
    const found = list[this.int(0, list.length - 1)]
    if (found === undefined) throw new Error('There is nothing to pick from')
    return found
  }

  /** One or more of the list, in its order. */
  some<T>(list: readonly T[]): T[] {
    const found = list.filter(() => this.chance(0.5))
    return found.length > 0 ? found : [this.pick(list)]
  }
}
