import type { Clock } from '../base/clock.ts'
import type { OnError } from '../base/errors.ts'
import type { Broker } from '../broker/port.ts'
import { joinBytes } from './delivery.ts'
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
 * Resolves when its channels are followed too: from here on nothing that is published can be missed.
 */
export async function findPlace(context: CatchUpContext, subscriber: Subscriber): Promise<void> {
  const { broker, tail } = context
  const followed = Promise.all(subscriber.feeds.map((feed) => feed.followed))
  if (subscriber.cursor === undefined && subscriber.since === undefined) {
    // Where everything announced is at hand, the hub's own place will do, and nobody need be asked.
    const near = tail.isLive && subscriber.feeds.every((feed) => feed.covered) ? tail.head : undefined
    const head = near ?? (await persistently(context, subscriber, () => broker.head()))
    subscriber.cursor ??= head
  }
  await followed
}

/** Reads the log into the subscriber's stream, at the pace of its sink, until it is live or gone. */
export async function catchUp(context: CatchUpContext, subscriber: Subscriber): Promise<void> {
  const { log, tail } = context
  const kept = subscriber.feeds.filter((feed) => feed.kept)
  for (;;) {
    await subscriber.writable()
    if (subscriber.state === 'closed') return
    if (tail.isLive && subscriber.goLive()) return
    const after = subscriber.cursor ?? subscriber.since
    const { epoch } = tail
    const page =
      after === undefined || kept.length === 0
        ? undefined
        : await persistently(context, subscriber, () => log.read(after, kept))
    if (subscriber.state !== 'catching-up') return
    if (page !== undefined) writePage(subscriber, page)
    if (page?.done && epoch === tail.epoch) {
      tail.startAt(page.next)
      for (const feed of kept) feed.startAt(page.next)
    }
    if (page?.done !== false) await tail.live()
  }
}

function writePage(subscriber: Subscriber, { deliveries, gaps, next, done }: DeliveryPage): void {
  subscriber.writeGaps(gaps)
  subscriber.cursor = next
  if (deliveries.length > 0) {
    subscriber.write(joinBytes(deliveries.map(({ frame }) => frame)))
    subscriber.isTold = true
  } else if (gaps.length > 0) {
    // A gap has no id: with nothing behind it, the reader would be told of it again when it next comes.
    subscriber.isTold = false
  }
  if (done && !subscriber.isTold) subscriber.writeCursor()
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
