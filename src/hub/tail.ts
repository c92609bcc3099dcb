import type { Clock } from '../base/clock.ts'
import type { OnError } from '../base/errors.ts'
import type { Broker, ChannelGap, Entry, Follower, Position } from '../broker/port.ts'
import { toDelivery, toLateFrame } from './delivery.ts'
import type { FanOut } from './fan-out.ts'
import type { Feed } from './feed.ts'
import type { Feeds } from './feeds.ts'
import { readHole } from './hole.ts'
import type { LogReader } from './log-reader.ts'
import type { Subscriber } from './subscriber.ts'

export interface TailContext {
  readonly broker: Broker
  readonly clock: Clock
  readonly fanOut: FanOut
  readonly log: LogReader
  readonly onError: OnError
  /** The channels that are followed. A function, because following needs the tail first. */
  readonly feeds: () => Feeds
  /** To tell a gap to whoever is live on these channels. */
  readonly onGaps: (gaps: readonly ChannelGap[]) => void
}

/** Announcements held back while the log is read; past it they are dropped, and the log is read once more. */
const maxHeld = 10_000

/** How long to wait before a failed read of the log is tried again, in ms. */
const retryDelay = 500

/**
 * The hub's own place in the log: itself a reader, live while announcements come without a hole, and otherwise catching up.
 *
 * | state    | announcement               | interrupted | resumed    | log read to its head |
 * | -------- | -------------------------- | ----------- | ---------- | -------------------- |
 * | `live`   | on to the feeds; a hole: `repair` | `cut` | -          | -                    |
 * | `repair` | held                       | `cut`       | -          | `live`, what was held goes on |
 * | `cut`    | held                       | -           | `repair`   | -                    |
 */
export class Tail implements Follower {
  readonly #context: TailContext
  #state: 'live' | 'repair' | 'cut' = 'live'
  /** The last position that was taken, in the order of the whole log. */
  #head: Position | undefined
  #held: Entry[] = []
  /** Announcements were dropped: the log must be read from the tail's head once more. */
  #overflowed = false
  #waiting: (() => void)[] = []
  #endRetry: () => void = () => {}
  /** Counts interruptions, so that a read from before one does not end the repair after it. */
  #interruptions = 0

  constructor(context: TailContext) {
    this.#context = context
  }

  get isLive(): boolean {
    return this.#state === 'live'
  }

  get head(): Position | undefined {
    return this.#head
  }

  /** Resolves once the tail is live. */
  async live(): Promise<void> {
    while (!this.isLive) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** To be told the log's head when a channel has just been followed: what is announced from then on is after the first of these. */
  startAt(head: Position): void {
    this.#head ??= head
  }

  onEntry(entry: Entry): void {
    if (entry.position === null)
      this.#context.fanOut.push(toDelivery(entry).frame, this.#context.feeds().of(entry.channels))
    else if (this.#state === 'live') this.#take(entry, entry.position)
    else this.#hold(entry)
  }

  onInterrupted(): void {
    this.#interruptions++
    this.#endRetry()
    this.#state = 'cut'
  }

  onResumed(): void {
    this.#endRetry()
    this.#state = 'repair'
    void this.#reread(this.#interruptions)
  }

  onError(error: unknown): void {
    this.#context.onError(error)
  }

  close(): void {
    this.onInterrupted()
    this.#held = []
  }

  #hold(entry: Entry): void {
    if (this.#held.length < maxHeld) this.#held.push(entry)
    else {
      this.#held = []
      this.#overflowed = true
    }
  }

  #take(entry: Entry, position: Position): void {
    // A message on several followed channels is announced on each; and what was held may have been read meanwhile.
    if (this.#head !== undefined && this.#context.broker.compare(position, this.#head) <= 0) return
    const feeds = this.#context.feeds().of(entry.channels)
    const torn = feeds.filter((feed) => feed.hasMissed(entry.prev[entry.channels.indexOf(feed.channel)]))
    if (torn.length > 0) {
      this.#state = 'repair'
      this.#hold(entry)
      void this.#mend(torn, entry, position, this.#interruptions)
      return
    }
    this.#pass(entry, position, feeds)
  }

  #pass(entry: Entry, position: Position, feeds: readonly Feed[]): void {
    // Before the head moves on: who falls behind in the flush of what came earlier has not had this one.
    for (const feed of feeds) for (const subscriber of feed.ahead) subscriber.meet(position)
    this.#head = position
    const delivery = toDelivery(entry)
    for (const feed of feeds) if (feed.kept) feed.add(delivery, position)
    this.#context.fanOut.push(delivery.frame, feeds)
  }

  /** After an interruption: every followed channel, from where the tail stopped, in the order of the log. */
  async #reread(interruption: number): Promise<void> {
    const { log, feeds } = this.#context
    try {
      for (let done = this.#head === undefined; !done; ) {
        const kept = feeds().kept()
        const after = this.#head
        if (after === undefined || kept.length === 0) break
        const page = await log.read(after, kept)
        if (interruption !== this.#interruptions) return
        this.#tell(page.gaps, page.next)
        for (const { entry } of page.deliveries) {
          if (entry.position !== null) this.#pass(entry, entry.position, feeds().of(entry.channels))
        }
        this.#head = page.next
        done = page.done
      }
    } catch (error) {
      this.#retry(error, interruption, () => void this.#reread(interruption))
      return
    }
    this.#resume(interruption)
  }

  /** An announcement was missed although nothing was interrupted: `entry` shows a hole before it, in the feeds `torn`. */
  async #mend(torn: readonly Feed[], entry: Entry, position: Position, interruption: number): Promise<void> {
    const { broker, fanOut, log, feeds } = this.#context
    const feedsOf = (channels: readonly string[]) => feeds().of(channels)
    try {
      const hole = await readHole(log, broker.compare, torn, position, feedsOf)
      if (interruption !== this.#interruptions) return
      this.#tell(hole.gaps, position)
      fanOut.flush()
      for (const missed of hole.entries) this.#passLate(missed, feedsOf(missed.channels))
      for (const feed of torn) feed.mendedTo(entry.prev[entry.channels.indexOf(feed.channel)])
    } catch (error) {
      this.#retry(error, interruption, () => void this.#mend(torn, entry, position, interruption))
      return
    }
    this.#resume(interruption)
  }

  #passLate(entry: Entry, feeds: readonly Feed[]): void {
    if (entry.position === null) return
    const delivery = toDelivery(entry)
    const frame = toLateFrame(entry)
    const readers = new Set<Subscriber>()
    for (const feed of feeds) {
      if (feed.kept) feed.add(delivery, entry.position)
      for (const subscriber of [...feed.live, ...feed.ahead]) readers.add(subscriber)
    }
    for (const subscriber of readers) subscriber.deliverLate(frame, entry.position)
  }

  #tell(gaps: readonly ChannelGap[], next: Position): void {
    if (gaps.length === 0) return
    for (const { channel } of gaps) this.#context.feeds().get(channel)?.restartAt(next)
    this.#context.fanOut.flush()
    this.#context.onGaps(gaps)
  }

  #resume(interruption: number): void {
    if (interruption !== this.#interruptions) return
    if (this.#overflowed) {
      this.#overflowed = false
      void this.#reread(interruption)
      return
    }
    this.#state = 'live'
    const held = this.#held
    this.#held = []
    // One of these may show another hole: then the rest is held again.
    for (const entry of held) this.onEntry(entry)
    if (!this.isLive) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  #retry(error: unknown, interruption: number, again: () => void): void {
    if (interruption !== this.#interruptions) return
    this.#context.onError(error)
    this.#endRetry = this.#context.clock.after(retryDelay, again)
  }
}
