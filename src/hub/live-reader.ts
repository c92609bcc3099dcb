import type { ChannelGap, Position } from '../broker/port.ts'

/** A subscriber that is at the head, as those who write to it see it. */
export interface LiveReader {
  /** Bytes that everyone who is live on a feed gets. */
  deliver(bytes: Uint8Array): void
  /** An entry that was found missing: it may have been read from the log before this reader went live. */
  deliverLate(frame: Uint8Array, position: Position): void
  /** For one that is ahead of the hub: what the hub hears now. */
  meet(position: Position): void
  /** Those of the gaps that are on its channels. */
  writeGaps(gaps: readonly ChannelGap[]): void
}
