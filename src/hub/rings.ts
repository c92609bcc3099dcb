import type { Broker, Position } from '../broker/port.ts'
import type { Feed } from './feed.ts'
import { mergeRuns } from './log/merge.ts'
import type { Batch } from './log/page.ts'

/** What the rings of several channels have after a cursor: as much of it as a page holds. */
export interface RingPage extends Batch {
  /** Whether that is all. */
  readonly done: boolean
}

/** The next page after a cursor that all of the rings reach back to. */
export function readRings(feeds: readonly Feed[], cursor: Position, compare: Broker['compare']): RingPage {
  const sources = feeds.filter((feed) => feed.kept).map((feed) => feed.after(cursor))
  const { isFull, ...batch } = mergeRuns(compare, sources, undefined)
  return { ...batch, done: !isFull }
}
