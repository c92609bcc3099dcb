// @ts-check
import { toDelivery } from '../../dist/hub/delivery.js'
import { FanOut } from '../../dist/hub/fan-out.js'
import { Feed } from '../../dist/hub/feed.js'
import { entries } from './messages.js'
import { time } from './stopwatch.js'

const policy = /** @type {const} */ ({ kept: true, slow: 'catch-up', pattern: '*' })
const followed = Promise.resolve()
/** They are looked at when history is read, which nobody does here. */
const positions = { compare: () => 0, timelineOf: () => 0 }

/** Bytes that all readers were given. A real one writes them to a socket, which costs more than all that is timed here. */
let written = 0

/** A reader that is live, and does nothing with what it is given but count it. */
class Counter {
  /** @type {import('../../dist/hub/portion.js').Portion | undefined} */ portion
  firstBurst = 0

  /** @param {import('../../dist/hub/packet.js').Packet} packet */
  deliver(packet) {
    written += packet.bytes.length
  }

  deliverLate() {}
  miss() {}
  meet() {}
  reconsider() {}
  writeGaps() {}
}

/**
 * @param {string} channel
 * @param {readonly Counter[]} readers
 */
function toFeed(channel, readers) {
  const feed = new Feed(channel, policy, followed, positions)
  for (const reader of readers) feed.live.add(reader)
  return feed
}

const readers = (/** @type {number} */ count) => Array.from({ length: count }, () => new Counter())

/** From messages that have come in to what each reader is given: what a turn of the event loop costs beside its writes. */
export function timeFanOut() {
  const crowd = readers(1000)
  const news = toFeed('news', crowd)
  const ownFeeds = crowd.map((reader, index) => toFeed(`users.${index}`, [reader]))
  const rooms = Array.from({ length: 1000 }, (_, index) => toFeed(`rooms.${index}`, readers(10)))

  /**
   * @param {string} name
   * @param {readonly Feed[]} feeds one for each message, in the order in which they come; all leave in one flush
   */
  const flush = (name, feeds) => {
    const deliveries = entries(feeds.length, { channel: (index) => feeds[index]?.channel ?? '' }).map(toDelivery)
    const audiences = feeds.map((feed) => [feed])
    const count = feeds.reduce((sum, feed) => sum + feed.live.size, 0)
    const fanOut = new FanOut(Number.POSITIVE_INFINITY)
    return time(`hub/fan-out: ${name}`, 'delivery', count, () => {
      written = 0
      for (const [index, delivery] of deliveries.entries()) fanOut.push(delivery, audiences[index] ?? [])
      fanOut.flush()
      return written
    })
  }

  return [
    flush('1 message to 1,000 readers of one channel', [news]),
    flush(
      '100 messages to 1,000 readers of one channel',
      Array.from({ length: 100 }, () => news),
    ),
    flush('1 message to each of 1,000 readers on its own channel, and 1 to all', [...ownFeeds, news]),
    flush('1 message on each of 1,000 channels of 10 readers', rooms),
    flush(
      '1,000 messages to one reader',
      Array.from({ length: 1000 }, () => ownFeeds[0] ?? news),
    ),
  ]
}
