import type { Broker, ChannelGap, Page, Position } from '../broker/port.ts'
import { type Delivery, toDelivery } from './delivery.ts'
import type { Feed } from './feed.ts'

/** A page whose entries are framed. */
export interface DeliveryPage {
  readonly deliveries: readonly Delivery[]
  readonly gaps: readonly ChannelGap[]
  readonly next: Position
  readonly done: boolean
}

/** One page: what a reader is written before it is waited for, so also what it costs in memory. */
export const pageLimit = { entries: 256, bytes: 256 * 1024 }

/**
 * Reads the log for everyone who catches up.
 *
 * Single flight: who asks for what is being read already shares the answer, so a storm of readers with one cursor costs the
 * broker one read and the frames are made once.
 */
export class LogReader {
  readonly #broker: Broker
  readonly #reading = new Map<string, Promise<DeliveryPage>>()

  constructor(broker: Broker) {
    this.#broker = broker
  }

  /** Begins anew: what is being read now is not shared with whoever asks from now on, because announcements were missed meanwhile. */
  forget(): void {
    this.#reading.clear()
  }

  read(after: Position, feeds: readonly Feed[]): Promise<DeliveryPage> {
    // By feed and not by name: of a channel that was let go and followed anew, a read from before may be older than the following.
    const key = `${after} ${feeds.map((feed) => feed.serial).join(' ')}`
    const reading = this.#reading.get(key)
    if (reading !== undefined) return reading
    const page = this.#broker
      .read(
        after,
        feeds.map((feed) => feed.channel),
        pageLimit,
      )
      .then(toDeliveryPage)
      .finally(() => {
        if (this.#reading.get(key) === page) this.#reading.delete(key)
      })
    this.#reading.set(key, page)
    return page
  }
}

function toDeliveryPage({ entries, gaps, next, done }: Page): DeliveryPage {
  return { deliveries: entries.map(toDelivery), gaps, next, done }
}
