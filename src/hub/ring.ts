import type { Position } from '../broker/port.ts'
import { type Delivery, sizeOf } from './delivery.ts'
import { Run } from './log/run.ts'

/** Limits of a ring. It is a cache: what it drops is still in the log. */
const maxEntries = 256
const maxBytes = 256 * 1024

/** The latest deliveries of one channel, from which a subscriber resumes without asking the broker. */
export class Ring {
  #deliveries: Delivery[] = []
  #bytes = 0
  #run: Run | undefined

  /** Adds the newest; answers the position of the last one that had to go for it, if any. */
  add(delivery: Delivery): Position | undefined {
    this.#run = undefined
    this.#deliveries.push(delivery)
    this.#bytes += sizeOf(delivery)
    let dropped: Delivery | undefined
    // Dropping half at once keeps the cost of adding constant on average.
    if (this.#deliveries.length > maxEntries) dropped = this.#drop(maxEntries / 2)
    while (this.#bytes > maxBytes && this.#deliveries.length > 0) dropped = this.#drop(1)
    return dropped?.entry.position ?? undefined
  }

  /** All of it, as it is now. */
  get run(): Run {
    this.#run ??= new Run([...this.#deliveries])
    return this.#run
  }

  clear(): void {
    this.#run = undefined
    this.#deliveries = []
    this.#bytes = 0
  }

  #drop(count: number): Delivery | undefined {
    const dropped = this.#deliveries.splice(0, count)
    for (const delivery of dropped) this.#bytes -= sizeOf(delivery)
    return dropped.at(-1)
  }
}
