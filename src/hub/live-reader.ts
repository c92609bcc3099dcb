import type { ChannelGap, Position } from '../broker/port.ts'
import type { Feed } from './feed.ts'
import type { Packet } from './packet.ts'
import type { Portion } from './portion.ts'

/** A subscriber that is at the head, as those who write to it see it. */
export interface LiveReader {
  /** What the fan-out has for it and has not written yet. The fan-out's own, and undefined where it is not live. */
  portion: Portion | undefined
  /** Bursts with a lower serial are not for it: it has had what is in them, or came after. The fan-out's own. */
  firstBurst: number
  /** What everyone who is live on a feed gets. */
  deliver(packet: Packet): void
  /** An entry that was found missing on `feeds`: it may have been read from the log before this reader went live. */
  deliverLate(packet: Packet, position: Position, feeds: readonly Feed[]): void
  /** For one that is behind: a message of `feed` has passed that the log does not have for it. */
  miss(feed: Feed): void
  /** For one that is ahead of the hub: what the hub hears now. */
  meet(position: Position): void
  /** What it has seen may be of a part of the log that was lost: it is to ask the log. */
  reconsider(): void
  /** Those of the gaps that are on its channels. */
  writeGaps(gaps: readonly ChannelGap[]): void
}
