import type { Broker, ChannelGap, Entry, Position } from '../broker/port.ts'
import { deliverWatched } from './deliveries.ts'
import { toDelivery, toLateFrame } from './delivery.ts'
import type { Feed } from './feed.ts'
import type { LiveReader } from './live-reader.ts'
import type { LogReader } from './log/reader.ts'
import { Packet } from './packet.ts'
import { ToldGaps } from './told-gaps.ts'

/** What was never announced, or came after what should have come before it. */
export interface Hole {
  /** The missed entries, in order, each once. */
  readonly entries: readonly Entry[]
  /** Where not even the log has them any more. */
  readonly gaps: readonly ChannelGap[]
  /** How far the log was read. */
  readonly next: Position
}

/** Reads what the feeds `torn` have missed before the entry at `end`. */
export async function readHole(
  log: LogReader,
  compare: Broker['compare'],
  torn: readonly Feed[],
  end: Position,
  feedsOf: (channels: readonly string[]) => readonly Feed[],
): Promise<Hole> {
  // More than the ones that showed it, where a message has several channels.
  const all = new Set(torn)
  for (;;) {
    const feeds = [...all]
    const entries: Entry[] = []
    const gaps: ChannelGap[] = []
    const told = new ToldGaps(compare)
    let next = end
    const isMissing = (entry: Entry, position: Position) =>
      compare(position, end) < 0 && feedsOf(entry.channels).some((feed) => all.has(feed) && feed.lacks(position))

    for (let after = lowest(feeds, compare), done = after === undefined; after !== undefined && !done; ) {
      const page = await log.read(after, feeds)
      gaps.push(...told.fresh(page.gaps))
      for (const { entry } of page.deliveries)
        if (entry.position !== null && isMissing(entry, entry.position)) entries.push(entry)
      after = next = page.next
      done = page.done || compare(after, end) >= 0
    }
    // A missed message may have gone to a channel whose own hole has not shown yet: mend them together, so that it is delivered once.
    for (const entry of entries) {
      for (const feed of feedsOf(entry.channels)) if (feed.hasMissed(entry)) all.add(feed)
    }
    if (all.size === feeds.length) return { entries, gaps, next }
  }
}

/** Passes on what was missed, to the feeds that miss it, and to each of their readers once. */
export function passLate(entry: Entry, feeds: readonly Feed[]): void {
  const { position } = entry
  if (position === null) return
  const delivery = toDelivery(entry)
  const packet = Packet.toMany(toLateFrame(entry))
  const lacking = feeds.filter((feed) => feed.lacks(position))
  const readers = new Set<LiveReader>()
  for (const feed of lacking) {
    feed.add(delivery, position)
    for (const reader of [...feed.live, ...feed.ahead, ...feed.behind]) readers.add(reader)
  }
  deliverWatched(entry, lacking, readers, () => {
    for (const reader of readers) reader.deliverLate(packet, position, lacking)
  })
}

function lowest(feeds: readonly Feed[], compare: Broker['compare']): Position | undefined {
  return feeds
    .map((feed) => feed.known)
    .filter((known) => known !== undefined)
    .toSorted(compare)[0]
}
