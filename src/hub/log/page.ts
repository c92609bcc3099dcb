import type { ChannelGap, PageLimit, Position } from '../../broker/port.ts'
import type { Delivery } from '../delivery.ts'

/** One page: what a reader is written before it is waited for, so also what it costs in memory. */
export const pageLimit: PageLimit = { entries: 256, bytes: 256 * 1024 }

/** A page of the log whose entries are framed. */
export interface DeliveryPage {
  readonly deliveries: readonly Delivery[]
  readonly gaps: readonly ChannelGap[]
  readonly next: Position
  readonly done: boolean
}

/** Deliveries for one reader, with bytes that are shared with others. */
export interface Batch {
  /** In order of position, each once. */
  readonly deliveries: readonly Delivery[]
  /** Their frames, in few parts. MUST NOT be changed. */
  readonly parts: readonly Uint8Array[]
}
