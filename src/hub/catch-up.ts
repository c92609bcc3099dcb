import type { Clock } from '../base/clock.ts'
import type { OnError } from '../base/errors.ts'
import type { Broker } from '../broker/port.ts'
import { Backlog } from './backlog.ts'
import { latestKnown } from './feeds.ts'
import type { Pace } from './log/pace.ts'
import type { LogReader, ReaderPage } from './log/reader.ts'
import { Packet } from './packet.ts'
import type { Subscriber } from './subscriber.ts'
import type { Tail } from './tail.ts'
import { ToldGaps } from './told-gaps.ts'

export interface CatchUpContext {
  readonly compare: Broker['compare']
  readonly timelineOf: Broker['timelineOf']
  readonly clock: Clock
  readonly log: LogReader
  readonly pace: Pace
  readonly tail: Tail
  readonly onError: OnError
}

/**
 * Gives the subscriber its place in the log, where it has neither a cursor nor a time to begin at, if nobody need be asked: the hub's
 * own place, where everything that was announced is at hand.
 *
 * @returns whether it has one, and nothing that is published from here on can be missed.
 */
export function takePlace({ compare, timelineOf, tail }: CatchUpContext, subscriber: Subscriber): boolean {
  const { feeds } = subscriber
  if (!feeds.every((feed) => feed.isFollowed)) return false
  if (subscriber.cursor !== undefined || subscriber.since !== undefined) return true
  const { head } = tail
  if (!tail.isLive || head === undefined || !feeds.every((feed) => feed.covered)) return false
  // What was published on a channel before it was followed is past the place of a hub that has heard of others only.
  const place = latestKnown(feeds, compare) ?? head
  if (timelineOf(place) !== timelineOf(head)) return false
  subscriber.placeAt(compare(place, head) > 0 ? place : head)
  return true
}

/** As {@link takePlace}, once its channels are followed, and from the log where that has to be asked. */
export async function findPlace(context: CatchUpContext, subscriber: Subscriber): Promise<void> {
  const { log, tail } = context
  const { feeds } = subscriber
  await Promise.all(feeds.map((feed) => feed.followed))
  if (takePlace(context, subscriber)) return
  const { epoch } = tail
  const head = await log.head(feeds, () => subscriber.state !== 'closed')
  if (head === undefined) return
  subscriber.placeAt(head)
  // Another log may have taken this one's place since it was asked.
  subscriber.isPlaced = epoch === tail.epoch
}

/** Reads the log into the subscriber's stream, at the pace of its sink, until it is live or gone. */
export async function catchUp({ compare, log, pace, tail }: CatchUpContext, subscriber: Subscriber): Promise<void> {
  // Most come for what is published from now on: nothing has come since they were given their place.
  if (subscriber.isWritable && tail.isLive && tail.head === subscriber.cursor && subscriber.isInRings) {
    subscriber.goLive([])
    return
  }
  const kept = subscriber.feeds.filter((feed) => feed.kept)
  const backlog = new Backlog(subscriber.feeds)
  const told = new ToldGaps(compare)
  const isWanted = () => subscriber.state === 'catching-up'
  for (;;) {
    if (!subscriber.isWritable) await subscriber.writable()
    if (!isWanted()) return
    // What has to be read is asked for at once, together with what others ask for. What is at hand is given at a bounded rate.
    if (tail.isLive && subscriber.isInRings) {
      const turn = pace.step()
      if (turn !== undefined) await turn
      if (!isWanted()) return
    }
    const ring = tail.isLive ? subscriber.readRings() : undefined
    if (ring !== undefined) {
      backlog.add(ring)
      told.clear()
      if (ring.done) {
        const last = backlog.take()
        // What was read of the log for others may have brought it here, with nothing that it could be written.
        if (last.length === 0 && !subscriber.isTold) subscriber.writeCursor()
        return subscriber.goLive(last)
      }
      subscriber.cursor = ring.deliveries.at(-1)?.entry.position ?? subscriber.cursor
      if (backlog.isDue) writeBacklog(subscriber, backlog)
      continue
    }
    const { cursor, since } = subscriber
    const after = cursor ?? since
    const { epoch } = tail
    const page =
      after === undefined || kept.length === 0
        ? undefined
        : await log.next({ after, isTime: cursor === undefined, isWanted }, kept)
    if (!isWanted()) return
    if (page !== undefined) {
      takePage(subscriber, backlog, told, page)
      // Another log may have taken this one's place since it was read.
      subscriber.isPlaced &&= epoch === tail.epoch
    }
    if (page?.done !== false) await tail.live()
  }
}

function takePage(subscriber: Subscriber, backlog: Backlog, told: ToldGaps, page: ReaderPage): void {
  const { next, done } = page
  const gaps = told.fresh(page.gaps)
  if (gaps.length > 0) {
    // They belong before what this page brings, and after what was read earlier.
    writeBacklog(subscriber, backlog)
    subscriber.writeGaps(gaps)
    // A gap has no id: with nothing behind it, the reader would be told of it again when it next comes.
    subscriber.isTold = false
  }
  backlog.add(page)
  if (page.isRead) subscriber.placeAt(next)
  else {
    subscriber.cursor = next
    told.clear()
  }
  if (done || backlog.isDue) writeBacklog(subscriber, backlog)
  if (done && !subscriber.isTold) subscriber.writeCursor()
}

function writeBacklog(subscriber: Subscriber, backlog: Backlog): void {
  const parts = backlog.take()
  for (const bytes of parts) subscriber.write(Packet.toOne(bytes))
  if (parts.length > 0) subscriber.isTold = true
}
