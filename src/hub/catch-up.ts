import type { Clock } from '../base/clock.ts'
import type { OnError } from '../base/errors.ts'
import type { Broker, Position } from '../broker/port.ts'
import { Backlog } from './backlog.ts'
import type { DeliveryPage, LogReader } from './log-reader.ts'
import type { Subscriber } from './subscriber.ts'
import type { Tail } from './tail.ts'

export interface CatchUpContext {
  readonly broker: Broker
  readonly clock: Clock
  readonly log: LogReader
  readonly tail: Tail
  readonly onError: OnError
}

/** How long to wait before a failed read is tried again, in ms: doubled each time up to the last. */
const retryDelays = [100, 200, 400, 800, 1600]

/**
 * Gives the subscriber its place in the log, where it has neither a cursor nor a time to begin at: the head.
 *
 * Resolves when its channels are followed: from here on nothing that is published can be missed.
 */
export async function findPlace(context: CatchUpContext, subscriber: Subscriber): Promise<void> {
  const { broker, tail } = context
  const { feeds } = subscriber
  await Promise.all(feeds.map((feed) => feed.followed))
  if (subscriber.cursor !== undefined || subscriber.since !== undefined) return
  if (tail.isLive && tail.head !== undefined && feeds.every((feed) => feed.covered)) {
    // Everything that was announced is at hand, so the hub's own place will do, and nobody need be asked.
    subscriber.placeAt(tail.head)
    return
  }
  const { epoch } = tail
  const head = await persistently(context, subscriber, () => broker.head())
  if (head === undefined) return
  subscriber.placeAt(head)
  if (epoch === tail.epoch) cover(context, subscriber, head)
}

/** The log was read to `head` after the channels were followed, and announcements have not been interrupted since. */
function cover({ tail }: CatchUpContext, { feeds }: Subscriber, head: Position): void {
  tail.startAt(head)
  for (const feed of feeds) feed.startAt(head)
}

/** Reads the log into the subscriber's stream, at the pace of its sink, until it is live or gone. */
export async function catchUp(context: CatchUpContext, subscriber: Subscriber): Promise<void> {
  const { log, tail } = context
  const kept = subscriber.feeds.filter((feed) => feed.kept)
  const backlog = new Backlog(subscriber.feeds)
  for (;;) {
    if (!subscriber.isWritable) await subscriber.writable()
    if (subscriber.state !== 'catching-up') return
    const ring = tail.isLive ? subscriber.readRings() : undefined
    if (ring !== undefined) {
      backlog.add(ring.deliveries)
      if (ring.done) return subscriber.goLive(backlog.take())
      subscriber.cursor = ring.deliveries.at(-1)?.entry.position ?? subscriber.cursor
      if (backlog.isDue) writeBacklog(subscriber, backlog)
      continue
    }
    const after = subscriber.cursor ?? subscriber.since
    const { epoch } = tail
    const page =
      after === undefined || kept.length === 0
        ? undefined
        : await persistently(context, subscriber, () => log.read(after, kept))
    if (subscriber.state !== 'catching-up') return
    if (page !== undefined) {
      takePage(subscriber, backlog, page)
      // Another log may have taken this one's place since it was read.
      subscriber.isPlaced = epoch === tail.epoch
    }
    if (page?.done && epoch === tail.epoch) cover(context, subscriber, page.next)
    if (page?.done !== false) await tail.live()
  }
}

function takePage(subscriber: Subscriber, backlog: Backlog, { deliveries, gaps, next, done }: DeliveryPage): void {
  if (gaps.length > 0) {
    // They belong before what this page brings, and after what was read earlier.
    writeBacklog(subscriber, backlog)
    subscriber.writeGaps(gaps)
    // A gap has no id: with nothing behind it, the reader would be told of it again when it next comes.
    subscriber.isTold = false
  }
  backlog.add(deliveries)
  subscriber.placeAt(next)
  if (done || backlog.isDue) writeBacklog(subscriber, backlog)
  if (done && !subscriber.isTold) subscriber.writeCursor()
}

function writeBacklog(subscriber: Subscriber, backlog: Backlog): void {
  const bytes = backlog.take()
  if (bytes === undefined) return
  subscriber.write(bytes)
  subscriber.isTold = true
}

/** Tries until it succeeds or the subscriber is gone: the broker may be away for a while, and the stream stays open. */
async function persistently<T>(
  { clock, onError }: CatchUpContext,
  subscriber: Subscriber,
  run: () => Promise<T>,
): Promise<T | undefined> {
  for (let attempt = 0; subscriber.state !== 'closed'; attempt++) {
    try {
      return await run()
    } catch (error) {
      onError(error)
      const delay = retryDelays[Math.min(attempt, retryDelays.length - 1)] ?? 0
      await new Promise<void>((resolve) => clock.after(delay, resolve))
    }
  }
  return undefined
}
