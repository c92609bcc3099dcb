import { toBytes } from '../base/bytes.ts'
import type { Broker, ChannelGap, Position } from '../broker/port.ts'
import { encodeGap, type GapReason } from '../sse/control.ts'
import { encodeId, encodeOpening } from '../sse/encode.ts'
import type { FanOut } from './fan-out.ts'
import type { Feed } from './feed.ts'
import { latestKnown } from './feeds.ts'
import type { LiveReader } from './live-reader.ts'
import { Outbox } from './outbox.ts'
import { Packet } from './packet.ts'
import type { Portion } from './portion.ts'
import { type RingPage, readRings } from './rings.ts'
import type { Sink } from './sink.ts'
import type { Spoke } from './wheel.ts'

/**
 * | state         | meaning                                                           | leaves it by                          |
 * | ------------- | ----------------------------------------------------------------- | ------------------------------------- |
 * | `opening`     | admitted; its place in the log or its sink is not there yet       | `catchUp` -> `catching-up`, `close`   |
 * | `catching-up` | reads the log after its cursor, at the pace of its sink           | `goLive` -> `live`, `close`           |
 * | `live`        | at the head; written to by the fan-out                            | outbox full -> `catching-up`, `close` |
 * | `closed`      | holds nothing and is held by nothing                              | -                                     |
 */
export type SubscriberState = 'opening' | 'catching-up' | 'live' | 'closed'

/** Where a subscriber begins: at its cursor, or else at a time, or else at the head. */
export interface Start {
  readonly cursor: Position | undefined
  readonly since: Position | undefined
}

/** What a subscriber needs of its hub. */
export interface SubscriberContext {
  readonly compare: Broker['compare']
  readonly timelineOf: Broker['timelineOf']
  readonly fanOut: FanOut
  /** Bytes that may wait in the sink of a live subscriber; past it the subscriber reads from the log when they have gone. */
  readonly outbox: number
  /** The cursor of everyone who is live. */
  readonly head: () => Position | undefined
  /** Called when it must read the log again, after the outbox was full. */
  readonly onBehind: (subscriber: Subscriber) => void
  readonly onClosed: (subscriber: Subscriber) => void
}

/**
 * Longer than a file should be, because it is one state machine all of whose steps share its state.
 *
 * One connection in the hub: a cursor on the log, live when it is at the head.
 */
export class Subscriber implements LiveReader, Spoke {
  readonly feeds: readonly Feed[]
  /** How far it has read in the log; while it is live, how far it had when it went live. Undefined until it has a place. */
  cursor: Position | undefined
  /** Where it begins to read while it has no cursor: a time, which is no place in the log that it could be told. */
  readonly since: Position | undefined
  portion: Portion | undefined
  firstBurst = 0
  slot = 0
  /** Whether it has been written to since the last heartbeat. */
  touched = false
  /** Whether the log has given it the cursor, or has been read from it: one that a reader brings may be of another log. */
  isPlaced = false
  /** Whether the reader knows its cursor, from an id that it was sent. */
  isTold = false

  /** How far it has been read the log itself: in what the rings gave it there may be a hole that nobody has noticed yet. */
  #vouched: Position | undefined
  /** While it is behind: between these two it was live, and may have missed what is found later. */
  #unsure: { readonly from: Position | undefined; readonly to: Position | undefined } | undefined
  /** Feeds of which it has missed what the log will not give it. Few ever do, so there is no set until then. */
  #missed: Set<Feed> | undefined
  readonly #context: SubscriberContext
  readonly #outbox = new Outbox()
  #state: SubscriberState = 'opening'

  constructor(context: SubscriberContext, feeds: readonly Feed[], start: Start) {
    this.#context = context
    this.feeds = feeds
    this.cursor = this.#vouched = start.cursor
    this.since = start.since
  }

  get state(): SubscriberState {
    return this.#state
  }

  /**
   * Gives it the stream to write to; the headers of the answer have been sent by now.
   *
   * The cursor stands in the first block of all: a stream begins with an empty last event id, and any block that ends before an
   * `id:` makes a reader that came with a cursor forget it (HTML standard, 9.2.6 "Interpreting an event stream").
   *
   * @param retry What the reader is told to wait before it connects again, in ms.
   */
  open(sink: Sink, retry: number): void {
    if (this.#state === 'closed') {
      sink.end()
      return
    }
    this.#outbox.open(sink)
    sink.onClose(() => this.close())
    this.isTold = this.cursor !== undefined
    this.#tell(encodeOpening(this.cursor, retry))
    this.#outbox.wake()
  }

  /** Tells the reader where it stands, so that it can resume although it has not received a message yet. */
  writeCursor(): void {
    if (this.cursor === undefined) return
    this.isTold = true
    this.#tell(encodeId(this.cursor))
  }

  writeGap(channels: readonly string[], reason: GapReason): void {
    this.#tell(encodeGap({ channels, reason }))
  }

  /** Tells those of the gaps that are on its channels: one event for each reason. */
  writeGaps(gaps: readonly ChannelGap[]): void {
    const own = gaps.filter(({ channel }) => this.feeds.some((feed) => feed.channel === channel))
    for (const reason of new Set(own.map((gap) => gap.reason))) {
      this.writeGap(
        own.filter((gap) => gap.reason === reason).map((gap) => gap.channel),
        reason,
      )
    }
  }

  /** Takes the packet, always, after what the fan-out has for it; with too much waiting it is live no more. */
  write(packet: Packet): void {
    if (this.#state === 'live') this.#context.fanOut.settle(this)
    this.#outbox.write(packet)
    this.touched = true
    if (this.#state === 'live' && this.#isFull) this.#fallBehind()
  }

  /** Whether there is a sink that takes more. */
  get isWritable(): boolean {
    return this.#outbox.isWritable
  }

  /** Resolves when it is writable, or closed. */
  writable(): Promise<void> {
    return this.#outbox.writable()
  }

  /** To be asked at each heartbeat: whether its reader has taken nothing for `ms`, although something waits. */
  isStalled(now: number, ms: number): boolean {
    return this.#outbox.isStalled(now, ms)
  }

  deliver(packet: Packet): void {
    this.#outbox.write(packet)
    this.touched = true
    if (this.#state !== 'live' || !this.#isFull) return
    if (this.feeds.some(({ slow }) => slow === 'disconnect')) this.cut()
    else this.#fallBehind()
  }

  /**
   * For an entry that was found missing: it may have been read from the log before this subscriber went live. It lies before the
   * cursor that a reader of the log would go on from, so one for whom too much waits cannot have it, and is told.
   */
  deliverLate(packet: Packet, position: Position, feeds: readonly Feed[]): void {
    const { compare } = this.#context
    const isLive = this.#state === 'live'
    const { from, to } = isLive ? { from: this.#vouched, to: undefined } : (this.#unsure ?? {})
    if (from === undefined || compare(position, from) <= 0) return
    if (to !== undefined && compare(position, to) > 0) return
    if (isLive) this.write(packet)
    else for (const feed of feeds) if (this.feeds.includes(feed)) this.miss(feed)
  }

  miss(feed: Feed): void {
    this.#missed ??= new Set()
    this.#missed.add(feed)
  }

  /** Gives it its place, up to which the log was read. */
  placeAt(position: Position): void {
    this.cursor = this.#vouched = position
    this.isPlaced = true
  }

  /** Whether the rings have all that comes after its cursor. */
  get isInRings(): boolean {
    const { cursor } = this
    if (cursor === undefined || !this.#isSound(cursor)) return false
    return this.feeds.every((feed) => feed.reachesTo(cursor))
  }

  /** The next page of what comes after its cursor, if the rings have all of that. */
  readRings(): RingPage | undefined {
    const { cursor } = this
    return cursor !== undefined && this.isInRings ? readRings(this.feeds, cursor, this.#context.compare) : undefined
  }

  catchUp(): void {
    this.#state = 'catching-up'
    for (const feed of this.feeds) feed.behind.add(this)
  }

  /**
   * Joins the live.
   *
   * @param last The last of what comes after its cursor, read from the rings in this turn: so nothing can come between.
   */
  goLive(last: readonly Uint8Array[]): void {
    this.#leave()
    if (this.#missed !== undefined)
      this.writeGap(
        [...this.#missed].map(({ channel }) => channel),
        'overflow',
      )
    this.#missed = undefined
    for (const bytes of last) this.write(Packet.toOne(bytes))
    this.#unsure = undefined
    this.#state = 'live'
    // What the fan-out still holds is in the rings too, and was among the last.
    this.#context.fanOut.skip(this)
    const isAhead = this.cursor !== undefined && this.#isAhead(this.cursor)
    for (const feed of this.feeds) (isAhead ? feed.ahead : feed.live).add(this)
  }

  /** To be told, while it is ahead of the hub, what the hub hears: past its cursor it is one of the live. */
  meet(position: Position): void {
    if (this.cursor === undefined || this.#context.compare(position, this.cursor) <= 0) return
    // It has seen what the fan-out still holds.
    this.#context.fanOut.skip(this)
    for (const feed of this.feeds) {
      feed.ahead.delete(this)
      feed.live.add(this)
    }
  }

  /**
   * The log has lost its end, and perhaps what this one was shown: it asks the log anew. Who has only heard what the hub heard does so
   * from the last of its own channels, and not from how far the hub was: what was lost of others is no loss to it.
   */
  reconsider(): void {
    this.isPlaced = false
    const known = latestKnown(this.feeds, this.#context.compare)
    if (this.#state !== 'live' || known === undefined) return
    this.#context.fanOut.settle(this)
    if (this.#state !== 'live') return
    const isAhead = this.feeds.some((feed) => feed.ahead.has(this))
    if (!isAhead) this.cursor = known
    this.isTold = false
    this.#leave()
    this.catchUp()
    this.#context.onBehind(this)
  }

  close(): void {
    this.#close(() => this.#outbox.end())
  }

  /** Ends it without what waits: its reader comes back with the cursor of what it has got. */
  cut(): void {
    this.#close(() => this.#outbox.cut())
  }

  #close(end: () => void): void {
    if (this.#state === 'closed') return
    this.#leave()
    this.#state = 'closed'
    end()
    this.#context.onClosed(this)
  }

  #tell(block: string): void {
    this.write(Packet.toOne(toBytes(block)))
  }

  get #isFull(): boolean {
    return this.#outbox.buffered > this.#context.outbox
  }

  /** Whether it has seen messages that this hub has not heard yet. */
  #isAhead(cursor: Position): boolean {
    const head = this.#context.head()
    return head === undefined || this.#context.compare(cursor, head) > 0
  }

  /** Whether the cursor is of the log as the hub knows it: on its timeline, or, where it is ahead, given by the log itself. */
  #isSound(cursor: Position): boolean {
    const { head, timelineOf } = this.#context
    const heard = head()
    if (heard === undefined || this.#isAhead(cursor)) return this.isPlaced
    return timelineOf(cursor) === timelineOf(heard)
  }

  #fallBehind(): void {
    // All that the fan-out has for it must have been written, or its cursor would not be the hub's.
    this.#context.fanOut.settle(this)
    if (this.#state !== 'live') return
    const head = this.#context.head()
    if (head !== undefined && (this.cursor === undefined || this.#context.compare(head, this.cursor) > 0))
      this.cursor = head
    this.#unsure = { from: this.#vouched, to: this.cursor }
    this.#leave()
    this.catchUp()
    this.#context.onBehind(this)
  }

  #leave(): void {
    this.portion = undefined
    for (const feed of this.feeds) {
      feed.live.delete(this)
      feed.ahead.delete(this)
      feed.behind.delete(this)
    }
  }
}
