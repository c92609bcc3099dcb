import { toBytes } from '../base/bytes.ts'
import type { Broker, Position } from '../broker/port.ts'
import { encodeComment, encodeId } from '../sse/encode.ts'
import { Packet } from './packet.ts'
import type { Subscriber } from './subscriber.ts'

/** What a beat looks at. */
export interface BeatContext {
  readonly compare: Broker['compare']
  /** The place of everyone who is live, if there is one. */
  readonly head: Position | undefined
  readonly now: number
  /** Milliseconds for which a reader may take nothing of what waits for it. */
  readonly stall: number
}

const comment = Packet.toMany(toBytes(encodeComment()))

/**
 * Writes to those of the subscribers who have been written nothing since they were looked at last, so that proxies keep the stream
 * open and a reader that is gone is noticed without a publish.
 *
 * To those who are at the head it says where that is: a cursor that moves with the log does not grow older than what is kept.
 *
 * A sink that is full is written nothing: what waits there keeps the stream as busy, and would grow. One that takes nothing for too
 * long is cut.
 */
export function beat(subscribers: Iterable<Subscriber>, { compare, head, now, stall }: BeatContext): void {
  const atHead = head === undefined ? comment : Packet.toMany(toBytes(encodeId(head)))
  for (const subscriber of subscribers) {
    const { cursor, state, touched } = subscriber
    subscriber.touched = false
    if (subscriber.isStalled(now, stall)) {
      subscriber.cut()
      continue
    }
    if (touched || !subscriber.isWritable) continue
    const isAtHead = state === 'live' && head !== undefined && cursor !== undefined && compare(cursor, head) <= 0
    subscriber.write(isAtHead ? atHead : comment)
  }
}
