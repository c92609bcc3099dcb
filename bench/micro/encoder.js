// @ts-check
import { frameInPieces, toDelivery } from '../../dist/hub/delivery.js'
import { encodeEvent } from '../../dist/sse/encode.js'
import { entries } from './messages.js'
import { time } from './stopwatch.js'

/** Messages of a run. */
const count = 100

/** As large as a page of the log is cut. */
const pieceSize = 64 * 1024

/** From a message to its frame. */
export function timeEncoder() {
  const small = entries(count)
  const large = entries(count, { bytes: 10_000 })
  const lines = entries(count).map((entry) => ({ ...entry, data: 'a line of text\n'.repeat(14) }))
  const encode = (/** @type {typeof small} */ list) => () => {
    let length = 0
    for (const { position, event, channels, data } of list)
      length += encodeEvent({ id: position ?? undefined, event, channel: channels, data }).length
    return length
  }
  const frame = (/** @type {typeof small} */ list) => () => {
    let length = 0
    // A delivery keeps its frame, so each run makes its own.
    for (const entry of list) length += toDelivery(entry).frame.length
    return length
  }
  const pieces = () => frameInPieces(small.map(toDelivery), pieceSize).reduce((sum, { length }) => sum + length, 0)
  return [
    time('sse/encode: text of a message, 200 bytes', 'message', count, encode(small)),
    time('sse/encode: text of a message of 14 lines, 200 bytes', 'message', count, encode(lines)),
    time('hub/delivery: frame of a message, 200 bytes', 'message', count, frame(small)),
    time('hub/delivery: frame of a message, 10 KB', 'message', count, frame(large)),
    time('hub/delivery: frames of a page, 200 bytes', 'message', count, pieces),
  ]
}
