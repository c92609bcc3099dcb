import { joinBytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { OnError } from '../../base/errors.ts'
import type { Broker, Page, Position } from '../../broker/port.ts'
import { toDelivery } from '../delivery.ts'
import type { Feed } from '../feed.ts'
import { mergeRuns } from './merge.ts'
import { Outage } from './outage.ts'
import type { Pace } from './pace.ts'
import { type Batch, type DeliveryPage, pageLimit } from './page.ts'
import { LogQueue, type Want } from './queue.ts'
import type { Stretch } from './stretch.ts'
import { Stretches } from './stretches.ts'

/** A page for one reader. */
export interface ReaderPage extends DeliveryPage, Batch {
  /** Whether all of it is from the log, and nothing from a ring: only the log knows also what was never announced. */
  readonly isRead: boolean
}

/** The hub's own place in the log, as far as readers are concerned. */
interface Heard {
  readonly isLive: boolean
  readonly head: Position | undefined
  startAt(head: Position): void
}

interface LogReaderContext {
  readonly broker: Broker
  readonly clock: Clock
  readonly onError: OnError
  readonly pace: Pace
  /** A function, because the tail reads the log too. */
  readonly tail: () => Heard
}

/**
 * Reads the log for everyone who catches up.
 *
 * What a channel has had is taken from its ring, or from what was read of it lately, or else read, once for all who wait for it
 * ({@link LogQueue}). A reader of several channels is given what these have up to where all of them are known. So a channel's
 * history is read once, whatever the cursors of its readers, and whatever other channels each of them has.
 */
export class LogReader {
  readonly #broker: Broker
  readonly #tail: () => Heard
  readonly #pace: Pace
  readonly #outage: Outage
  readonly #queue: LogQueue
  readonly #stretches: Stretches
  readonly #reading = new Map<string, Promise<DeliveryPage>>()
  /** Counts what was forgotten. */
  #epoch = 0

  constructor({ broker, clock, onError, pace, tail }: LogReaderContext) {
    this.#broker = broker
    this.#tail = tail
    this.#pace = pace
    this.#outage = new Outage(clock, onError)
    this.#stretches = new Stretches(broker, clock)
    this.#queue = new LogQueue({ broker, outage: this.#outage, onRead: (feed, stretch) => this.#keep(feed, stretch) })
  }

  /** Begins anew: what was read, or is being read now, is not shared with whoever asks from now on, because announcements were missed meanwhile. */
  forget(): void {
    this.#epoch++
    this.#reading.clear()
    this.#stretches.clear()
    this.#queue.forget()
  }

  /** The head of the log, for a reader on channels that are followed; undefined when it is not wanted any more. */
  async head(feeds: readonly Feed[], isWanted: () => boolean): Promise<Position | undefined> {
    const epoch = this.#epoch
    const head = await this.#outage.outlast(() => this.#broker.head(), isWanted)
    if (head !== undefined && epoch === this.#epoch) this.#cover(feeds, head)
    return head
  }

  /** The next page for a reader, as soon as there is one; undefined when it is not wanted any more. */
  async next(want: Want, feeds: readonly Feed[]): Promise<ReaderPage | undefined> {
    while (want.isWanted()) {
      const epoch = this.#epoch
      const fresh = new Set<Stretch>()
      const found = feeds.map((feed) => this.#atHand(feed, want))
      if (found.includes(undefined)) {
        await Promise.all(
          feeds.map(async (feed, index) => {
            if (found[index] !== undefined) return
            const stretch = await this.#queue.read(feed, want)
            found[index] = stretch
            if (stretch !== undefined) fresh.add(stretch)
          }),
        )
      }
      const stretches = found.filter((stretch) => stretch !== undefined)
      if (epoch !== this.#epoch || stretches.length < feeds.length) continue
      const turn = this.#pace.step()
      if (turn !== undefined) await turn
      if (epoch !== this.#epoch) continue
      if (this.#isOneLog(stretches)) return this.#merge(want.after, stretches, fresh)
      // One was read before the log lost its end and one after it, and the hub has not heard of that yet: from one view, then.
      const page = await this.#outage.outlast(() => this.read(want.after, feeds), want.isWanted)
      if (page === undefined) continue
      if (page.done && epoch === this.#epoch) this.#cover(feeds, page.next)
      return { ...page, parts: [joinBytes(page.deliveries.map(({ frame }) => frame))], isRead: true }
    }
    return undefined
  }

  /** One page, as the log has it now. Who asks for what is being read already shares the answer. */
  read(after: Position, feeds: readonly Feed[]): Promise<DeliveryPage> {
    // By feed and not by name: of a channel that was let go and followed anew, a read from before may be older than the following.
    const key = `${after} ${feeds.map((feed) => feed.serial).join(' ')}`
    const reading = this.#reading.get(key)
    if (reading !== undefined) return reading
    const page = this.#broker
      .read(
        after,
        feeds.map((feed) => feed.channel),
        pageLimit,
      )
      .then(toDeliveryPage)
      .finally(() => {
        if (this.#reading.get(key) === page) this.#reading.delete(key)
      })
    this.#reading.set(key, page)
    return page
  }

  #atHand(feed: Feed, want: Want): Stretch | undefined {
    const { isLive, head } = this.#tail()
    const recent = isLive && head !== undefined ? feed.recent(head) : undefined
    return recent !== undefined && this.#broker.compare(want.after, recent.to) < 0 && recent.covers(want)
      ? recent
      : this.#stretches.find(feed, want)
  }

  #keep(feed: Feed, stretch: Stretch): void {
    if (stretch.isHead) this.#cover([feed], stretch.to)
    if (stretch.isLoss || this.#broker.compare(stretch.from, stretch.to) >= 0) return
    feed.reachBack(stretch)
    this.#stretches.add(feed, stretch)
  }

  /** The log was read to `head` after the channels were followed, and announcements have not been interrupted since. */
  #cover(feeds: readonly Feed[], head: Position): void {
    this.#tail().startAt(head)
    for (const feed of feeds) feed.startAt(head)
  }

  /**
   * A page goes as far as all of its channels are known: past that, an entry that is still missing could come earlier. They may have
   * been read at different times, as what is in them was true for ever.
   */
  #merge(after: Position, stretches: readonly Stretch[], fresh: ReadonlySet<Stretch>): ReaderPage {
    const { compare } = this.#broker
    const bound = stretches.map(({ to }) => to).reduce((lowest, to) => (compare(to, lowest) < 0 ? to : lowest))
    const sources = stretches.map((stretch) => ({ run: stretch.run, first: stretch.firstAfter(after) }))
    const { isFull, ...batch } = mergeRuns(compare, sources, bound)
    const next = (isFull ? batch.deliveries.at(-1)?.entry.position : undefined) ?? bound
    const gaps = stretches.map((stretch) => stretch.gapAt(after)).filter((gap) => gap !== undefined)
    return {
      ...batch,
      gaps,
      next,
      done: !isFull && stretches.every((stretch) => stretch.isHead && fresh.has(stretch)),
      isRead: stretches.every(({ isRead }) => isRead),
    }
  }

  #isOneLog(stretches: readonly Stretch[]): boolean {
    return new Set(stretches.map(({ to }) => this.#broker.timelineOf(to))).size <= 1
  }
}

function toDeliveryPage({ entries, gaps, next, done }: Page): DeliveryPage {
  return { deliveries: entries.map(toDelivery), gaps, next, done }
}
