import type { Broker, ChannelGap, Position } from '../broker/port.ts'
import { encodeGap, type GapReason } from '../sse/control.ts'
import { encodeId, encodeOpening } from '../sse/encode.ts'
import { joinBytes, toBytes } from './delivery.ts'
import type { FanOut } from './fan-out.ts'
import type { Feed } from './feed.ts'
import type { LiveReader } from './live-reader.ts'
import type { Sink } from './sink.ts'

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
  readonly fanOut: FanOut
  /** Bytes that may wait in the sink of a live subscriber; past it the subscriber reads from the log when they have gone. */
  readonly outbox: number
  /** The cursor of everyone who is live. */
  readonly head: () => Position | undefined
  /** Called when it must read the log again, after the outbox was full. */
  readonly onBehind: (subscriber: Subscriber) => void
  readonly onClosed: (subscriber: Subscriber) => void
}

/** One connection in the hub: a cursor on the log, live when it is at the head. */
export class Subscriber implements LiveReader {
  readonly feeds: readonly Feed[]
  /** How far it has read in the log; while it is live, how far it had when it went live. Undefined until it has a place. */
  cursor: Position | undefined
  /** Where it begins to read while it has no cursor: a time, which is no place in the log that it could be told. */
  readonly since: Position | undefined
  /** Whether it has been written to since the last heartbeat. */
  touched = false
  /** Whether the log has given it the cursor, or has been read from it: one that a reader brings may be of another log. */
  isPlaced = false
  /** Whether the reader knows its cursor, from an id that it was sent. */
  isTold = false

  readonly #context: SubscriberContext
  #state: SubscriberState = 'opening'
  #sink: Sink | undefined
  /** The sink asked to be waited for. */
  #isFull = false
  #wake: () => void = () => {}

  constructor(context: SubscriberContext, feeds: readonly Feed[], start: Start) {
    this.#context = context
    this.feeds = feeds
    this.cursor = start.cursor
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
    this.#sink = sink
    sink.onClose(() => this.close())
    sink.onDrain(() => {
      this.#isFull = false
      this.#wake()
    })
    this.isTold = this.cursor !== undefined
    this.write(toBytes(encodeOpening(this.cursor, retry)))
    this.#wake()
  }

  /** Tells the reader where it stands, so that it can resume although it has not received a message yet. */
  writeCursor(): void {
    if (this.cursor === undefined) return
    this.isTold = true
    this.write(toBytes(encodeId(this.cursor)))
  }

  writeGap(channels: readonly string[], reason: GapReason): void {
    this.write(toBytes(encodeGap({ channels, reason })))
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

  write(bytes: Uint8Array): void {
    if (this.#sink === undefined) return
    this.touched = true
    if (!this.#sink.write(bytes)) this.#isFull = true
  }

  /** Whether there is a sink that takes more. */
  get isWritable(): boolean {
    return this.#sink !== undefined && !this.#isFull
  }

  /** Resolves when it is writable, or closed. */
  async writable(): Promise<void> {
    while (this.#state !== 'closed' && !this.isWritable) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  deliver(bytes: Uint8Array): void {
    this.write(bytes)
    if (this.#sink !== undefined && this.#sink.buffered > this.#context.outbox) this.#fallBehind()
  }

  /**
   * For an entry that was found missing: it may have been read from the log before this subscriber went live. It is written however
   * much waits, because it lies before the cursor that a reader of the log would go on from.
   */
  deliverLate(frame: Uint8Array, position: Position): void {
    if (this.cursor !== undefined && this.#context.compare(position, this.cursor) > 0) this.write(frame)
  }

  catchUp(): void {
    this.#state = 'catching-up'
  }

  /**
   * Joins the live, if the rings have all that comes after its cursor: writes that, and is at the head in the same turn, so nothing
   * can come between.
   */
  goLive(): boolean {
    const { compare, fanOut, head } = this.#context
    const { cursor } = this
    if (cursor === undefined || this.#state !== 'catching-up') return false
    const heard = head()
    const isAhead = heard === undefined || compare(cursor, heard) > 0
    if (isAhead && !this.isPlaced) return false
    const missing = new Map<Position, Uint8Array>()
    for (const feed of this.feeds) {
      const deliveries = feed.after(cursor)
      if (deliveries === undefined) return false
      for (const { entry, frame } of deliveries) if (entry.position !== null) missing.set(entry.position, frame)
    }
    // What the fan-out still holds is in the rings too: it goes to the others first, or this one would get it twice.
    fanOut.flush()
    const frames = [...missing].sort(([a], [b]) => compare(a, b))
    if (frames.length > 0) this.write(joinBytes(frames.map(([, frame]) => frame)))
    this.#state = 'live'
    for (const feed of this.feeds) (isAhead ? feed.ahead : feed.live).add(this)
    return true
  }

  /** To be told, while it is ahead of the hub, what the hub hears: past its cursor it is one of the live. */
  meet(position: Position): void {
    if (this.cursor === undefined || this.#context.compare(position, this.cursor) <= 0) return
    this.#context.fanOut.flush()
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
    const known = this.feeds.map((feed) => feed.known).filter((position) => position !== undefined)
    if (this.#state !== 'live' || known.length === 0) return
    const isAhead = this.feeds.some((feed) => feed.ahead.has(this))
    if (!isAhead) this.cursor = known.toSorted(this.#context.compare).at(-1)
    this.isTold = false
    this.#leave()
    this.#state = 'catching-up'
    this.#context.onBehind(this)
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#leave()
    this.#state = 'closed'
    this.#sink?.end()
    this.#wake()
    this.#context.onClosed(this)
  }

  #fallBehind(): void {
    // All that the fan-out had has been written, so its cursor is the hub's, unless it is still ahead of that.
    const head = this.#context.head()
    if (head !== undefined && (this.cursor === undefined || this.#context.compare(head, this.cursor) > 0))
      this.cursor = head
    this.#leave()
    this.#state = 'catching-up'
    this.#context.onBehind(this)
  }

  #leave(): void {
    for (const feed of this.feeds) {
      feed.live.delete(this)
      feed.ahead.delete(this)
    }
  }
}
