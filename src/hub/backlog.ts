import { joinBytes } from '../base/bytes.ts'
import { type Delivery, sizeOf } from './delivery.ts'
import type { Feed } from './feed.ts'
import { type Batch, pageLimit } from './log/page.ts'

interface Held {
  readonly delivery: Delivery
  /** On how many of the subscriber's channels nothing has come that makes up for it. */
  claims: number
}

/**
 * What a subscriber that catches up has been read and not been written yet.
 *
 * Of a channel that conflates, only the latest message of each key is of use to it. So what it reads is held until a page of it has
 * come together or the head is reached, and a message gives way to a later one of its key; on several of the subscriber's channels,
 * when it has to on each of them. What is left out lies before the id of what made up for it, so a cursor is exact at every moment.
 *
 * Without such a channel nothing is held, and each page goes through as it is.
 */
export class Backlog {
  /** The subscriber's channels, and whether they conflate. */
  readonly #conflates: ReadonlyMap<string, boolean>
  readonly #isConflating: boolean
  #through: readonly Uint8Array[] = []
  /** In order of position. */
  readonly #held = new Set<Held>()
  readonly #latest = new Map<string, Held>()
  #bytes = 0

  constructor(feeds: readonly Feed[]) {
    this.#conflates = new Map(feeds.map(({ channel, slow }) => [channel, slow === 'conflate']))
    this.#isConflating = feeds.some(({ slow }) => slow === 'conflate')
  }

  /** Whether what is held has to be written before more is read. */
  get isDue(): boolean {
    return !this.#isConflating || this.#held.size >= pageLimit.entries || this.#bytes >= pageLimit.bytes
  }

  /** A page of deliveries, in order of position. Where it was due, {@link take} MUST come before the next. */
  add({ deliveries, parts }: Batch): void {
    if (!this.#isConflating) this.#through = parts
    else for (const delivery of deliveries) this.#add(delivery)
  }

  /** All that is held, in few parts. */
  take(): readonly Uint8Array[] {
    const frames = [...this.#held].map(({ delivery }) => delivery.frame)
    const through = this.#through
    this.#held.clear()
    this.#latest.clear()
    this.#bytes = 0
    this.#through = []
    return frames.length === 0 ? through : [joinBytes(frames)]
  }

  #add(delivery: Delivery): void {
    const { channels, key } = delivery.entry
    const own = channels.filter((channel) => this.#conflates.has(channel))
    const held: Held = { delivery, claims: own.length }
    this.#held.add(held)
    this.#bytes += sizeOf(delivery)
    if (key === undefined) return
    for (const channel of own) {
      if (this.#conflates.get(channel) !== true) continue
      // A channel's name has no white space in it.
      const name = `${channel} ${key}`
      const earlier = this.#latest.get(name)
      this.#latest.set(name, held)
      if (earlier === undefined || --earlier.claims > 0) continue
      this.#held.delete(earlier)
      this.#bytes -= sizeOf(earlier.delivery)
    }
  }
}
