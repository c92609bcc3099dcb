import type { Broker, Position } from '../broker/port.ts'
import type { Feed } from './feed.ts'
import { mergeRuns } from './merge.ts'
import type { Batch } from './page.ts'

/** What the rings of several channels have after a cursor: as much of it as a page holds. */
export interface RingPage extends Batch {
  /** Whether that is all. */
  readonly done: boolean
}

/** The next page after the cursor, or undefined where one of the rings does not reach back to it. */
export function readRings(feeds: readonly Feed[], cursor: Position, compare: Broker['compare']): RingPage | undefined {
  const sources = []
  for (const feed of feeds) {
    if (!feed.kept) continue
    const source = feed.after(cursor)
    if (source === undefined) return undefined
    sources.push(source)
  }
  const { isFull, ...batch } = mergeRuns(compare, sources, undefined)
  return { ...batch, done: !isFull }
}
