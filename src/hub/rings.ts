import type { Broker, Position } from '../broker/port.ts'
import type { Delivery } from './delivery.ts'
import type { Feed } from './feed.ts'
import { pageLimit } from './log-reader.ts'

/** What the rings of several channels have after a cursor: as much of it as a page holds. */
export interface RingPage {
  /** In order of position, each once. */
  readonly deliveries: readonly Delivery[]
  /** Whether that is all. */
  readonly done: boolean
}

/** The next page after the cursor, or undefined where one of the rings does not reach back to it. */
export function readRings(feeds: readonly Feed[], cursor: Position, compare: Broker['compare']): RingPage | undefined {
  const found = new Map<Position, Delivery>()
  for (const feed of feeds) {
    const deliveries = feed.after(cursor)
    if (deliveries === undefined) return undefined
    for (const delivery of deliveries) {
      const { position } = delivery.entry
      if (position !== null) found.set(position, delivery)
    }
  }
  const sorted = [...found].sort(([a], [b]) => compare(a, b)).map(([, delivery]) => delivery)
  let count = 0
  for (let bytes = 0; count < Math.min(sorted.length, pageLimit.entries) && bytes < pageLimit.bytes; count++)
    bytes += sorted[count]?.frame.length ?? 0
  return { deliveries: sorted.slice(0, count), done: count === sorted.length }
}
