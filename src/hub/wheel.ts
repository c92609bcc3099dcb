/** What a wheel holds, and the slot that it has it in, which is the wheel's own. */
export interface Spoke {
  slot: number
}

/** How many slots a wheel has, where there is time for as many. */
const most = 50

/**
 * What is to be looked at once in each period: dealt out evenly to slots, of which one is looked at in each step. So ten thousand of
 * them cost one timer, and never all of their time at once.
 */
export class Wheel<T extends Spoke> {
  /** Milliseconds between two steps. */
  readonly step: number
  readonly #slots: readonly Set<T>[]
  #size = 0
  /** The slot of the next that is added. */
  #next = 0
  #current = 0

  /** @param period Milliseconds, 1 or more. */
  constructor(period: number) {
    this.step = Math.ceil(period / most)
    this.#slots = Array.from({ length: Math.floor(period / this.step) }, () => new Set<T>())
  }

  get size(): number {
    return this.#size
  }

  add(item: T): void {
    item.slot = this.#next
    this.#next = (this.#next + 1) % this.#slots.length
    this.#slots[item.slot]?.add(item)
    this.#size++
  }

  delete(item: T): void {
    if (this.#slots[item.slot]?.delete(item) === true) this.#size--
  }

  /** Those whose turn it is. */
  turn(): Iterable<T> {
    const slot = this.#slots[this.#current] ?? []
    this.#current = (this.#current + 1) % this.#slots.length
    return slot
  }

  *[Symbol.iterator](): Generator<T, void> {
    for (const slot of this.#slots) yield* slot
  }
}
