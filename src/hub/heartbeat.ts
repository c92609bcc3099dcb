import type { Broker, Position } from '../broker/port.ts'
import { encodeComment, encodeId } from '../sse/encode.ts'
import { toBytes } from './delivery.ts'
import type { Subscriber } from './subscriber.ts'

const comment = toBytes(encodeComment())

/**
 * Writes to everyone who has been written nothing since the last beat, so that proxies keep the stream open and a reader that is
 * gone is noticed without a publish.
 *
 * To those who are at the head it says where that is: a cursor that moves with the log does not grow older than what is kept.
 */
export function beat(subscribers: Iterable<Subscriber>, head: Position | undefined, compare: Broker['compare']): void {
  const atHead = head === undefined ? comment : toBytes(encodeId(head))
  for (const subscriber of subscribers) {
    const { cursor, state, touched } = subscriber
    subscriber.touched = false
    if (touched) continue
    const isAtHead = state === 'live' && head !== undefined && cursor !== undefined && compare(cursor, head) <= 0
    subscriber.write(isAtHead ? atHead : comment)
  }
}
