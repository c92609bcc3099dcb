import type { Clock } from '../base/clock.ts'
import type { OnError } from '../base/errors.ts'
import type { Broker, ChannelGap, Entry, Follower, Position } from '../broker/port.ts'
import { passBehind } from './behind.ts'
import { type Delivery, toDelivery } from './delivery.ts'
import type { FanOut } from './fan-out.ts'
import type { Feed } from './feed.ts'
import type { Feeds } from './feeds.ts'
import { passLate, readHole } from './hole.ts'
import type { DeliveryPage } from './log/page.ts'
import type { LogReader } from './log/reader.ts'
import { Packet } from './packet.ts'
import { ToldGaps } from './told-gaps.ts'

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
  /** To send everyone back to the log: its end was lost, and what they know of it may be of that. */
  readonly onLost: () => void
}

/** Announcements held back while the log is read; past it they are dropped, and the log is read once more. */
const maxHeld = 10_000

/** How long to wait before a failed read of the log is tried again, in ms. */
const retryDelay = 500

/**
 * Longer than a file should be, because it is one state machine all of whose steps share its state.
 *
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
  /** Announcements may be missing since the tail's head. */
  #mustReread = false
  #waiting: (() => void)[] = []
  #endRetry: () => void = () => {}
  /** Counts interruptions and their ends: what was read in one epoch says nothing about what is announced in another. */
  #epoch = 0

  constructor(context: TailContext) {
    this.#context = context
  }

  get isLive(): boolean {
    return this.#state === 'live'
  }

  get epoch(): number {
    return this.#epoch
  }

  get head(): Position | undefined {
    return this.#head
  }

  /** Resolves once the tail is live. */
  async live(): Promise<void> {
    while (!this.isLive) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** To be told the head of a log that was read in this epoch, once a channel is followed: what is announced is after the first of these. */
  startAt(head: Position): void {
    if (this.#state === 'live' && this.#isBranch(head)) this.#askLog()
    this.#head ??= head
  }

  onEntry(entry: Entry): void {
    if (entry.position === null) {
      this.#passEphemeral(toDelivery(entry), this.#feedsOf(entry))
      return
    }
    if (this.#state !== 'live') {
      this.#hold(entry)
      return
    }
    const isBranch = this.#isBranch(entry.position)
    if (!isBranch && this.#isTaken(entry.position)) return
    const feeds = this.#feedsOf(entry)
    if (!isBranch && !feeds.some((feed) => feed.hasMissed(entry))) {
      this.#pass(entry, entry.position, feeds)
      return
    }
    this.#hold(entry)
    if (isBranch) this.#askLog()
    else this.#beginRepair()
  }

  onInterrupted(): void {
    this.#beginEpoch('cut')
  }

  onResumed(): void {
    this.#beginEpoch('repair')
    void this.#repair(this.#epoch)
  }

  onError(error: unknown): void {
    this.#context.onError(error)
  }

  close(): void {
    this.onInterrupted()
  }

  #beginEpoch(state: 'cut' | 'repair'): void {
    this.#state = state
    this.#epoch++
    // What was held is in the log, unless the log has lost it.
    this.#held = []
    this.#mustReread = true
    this.#endRetry()
    this.#context.log.forget()
  }

  #hold(entry: Entry): void {
    if (this.#held.length < maxHeld) this.#held.push(entry)
    else {
      this.#held = []
      this.#mustReread = true
    }
  }

  /** Whether the place where the hub stands is on the timeline that has begun, only the log can tell. */
  #askLog(): void {
    this.#mustReread = true
    this.#beginRepair()
  }

  #beginRepair(): void {
    this.#state = 'repair'
    void this.#repair(this.#epoch)
  }

  /** A message on several followed channels is announced on each; and what was held may have been read meanwhile. */
  #isTaken(position: Position): boolean {
    return this.#head !== undefined && this.#context.broker.compare(position, this.#head) <= 0
  }

  /** Whether a position is of another timeline of the log than where the tail stands. */
  #isBranch(position: Position): boolean {
    const { timelineOf } = this.#context.broker
    return this.#head !== undefined && timelineOf(position) !== timelineOf(this.#head)
  }

  /** To the live, and to those ahead too: it has no position that they could have seen already. */
  #passEphemeral(delivery: Delivery, feeds: readonly Feed[]): void {
    const ahead = new Set(feeds.flatMap((feed) => [...feed.ahead]))
    const packet = Packet.toMany(delivery.frame)
    for (const reader of ahead) reader.deliver(packet)
    passBehind(feeds, false)
    this.#context.fanOut.push(delivery, feeds)
  }

  #pass(entry: Entry, position: Position, feeds: readonly Feed[]): void {
    // Before the head moves on: who falls behind in the flush of what came earlier has not had this one.
    for (const feed of feeds) for (const subscriber of feed.ahead) subscriber.meet(position)
    this.#head = position
    const delivery = toDelivery(entry)
    for (const feed of feeds) if (feed.kept) feed.add(delivery, position)
    passBehind(feeds, true)
    this.#context.fanOut.push(delivery, feeds)
  }

  /** Reads what may have been missed, takes what was held meanwhile, and is live again. Gives up when another epoch begins. */
  async #repair(epoch: number): Promise<void> {
    try {
      while (this.#mustReread || this.#held.length > 0) {
        if (this.#mustReread) await this.#reread(epoch)
        if (epoch !== this.#epoch) return
        const [first] = this.#held
        if (first !== undefined) await this.#mend(first, epoch)
        if (epoch !== this.#epoch) return
        // Only now, so that a read that failed is tried again for the same entry.
        if (first !== undefined && this.#held[0] === first) this.#held.shift()
      }
    } catch (error) {
      if (epoch !== this.#epoch) return
      this.#context.onError(error)
      this.#endRetry = this.#context.clock.after(retryDelay, () => void this.#repair(epoch))
      return
    }
    this.#state = 'live'
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  /** Every followed channel, from where the tail stopped, in the order of the log. */
  async #reread(epoch: number): Promise<void> {
    this.#mustReread = false
    const told = new ToldGaps(this.#context.broker.compare)
    for (let done = false; !done && this.#head !== undefined; ) {
      const kept = this.#context.feeds().kept()
      if (kept.length === 0) {
        // With nothing to read, nothing vouches for its place any more.
        this.#head = undefined
        return
      }
      const page = await this.#read(this.#head, kept, epoch)
      if (page === undefined) return
      done = page.done
      // Who has come to be followed meanwhile was not read, and what it was announced may have been held and be taken now.
      for (const feed of this.#context.feeds().kept()) if (!kept.includes(feed)) feed.skipTo(page.next)
      if (isLost(page.gaps)) {
        this.#lose(page.next)
        continue
      }
      this.#tell(told.fresh(page.gaps), page.next)
      for (const { entry } of page.deliveries) {
        await this.#mend(entry, epoch)
        if (epoch !== this.#epoch) return
      }
      if (this.#isBranch(page.next)) this.#context.feeds().branchAt(page.next)
      this.#head = page.next
    }
  }

  /** What failed or was cut short must be begun again. */
  async #read(after: Position, feeds: readonly Feed[], epoch: number): Promise<DeliveryPage | undefined> {
    try {
      const page = await this.#context.log.read(after, feeds)
      if (epoch === this.#epoch) return page
    } catch (error) {
      if (epoch === this.#epoch) {
        this.#mustReread = true
        throw error
      }
    }
    return undefined
  }

  /** Passes the entry on, after what it shows to have been missed before it. */
  async #mend(entry: Entry, epoch: number): Promise<void> {
    if (entry.position === null || this.#isTaken(entry.position)) return
    const torn = this.#tornBy(entry)
    if (torn.length > 0) {
      const { broker, log, feeds } = this.#context
      const hole = await readHole(log, broker.compare, torn, entry.position, (channels) => feeds().of(channels))
      if (epoch !== this.#epoch) return
      if (isLost(hole.gaps)) {
        this.#lose(hole.next)
        await this.#mend(entry, epoch)
        return
      }
      this.#tell(hole.gaps, entry.position)
      for (const missed of hole.entries) passLate(missed, this.#feedsOf(missed))
      for (const feed of torn) feed.mendedTo(entry)
    }
    if (this.#isBranch(entry.position)) this.#context.feeds().branchAt(entry.position)
    this.#pass(entry, entry.position, this.#feedsOf(entry))
  }

  #tell(gaps: readonly ChannelGap[], next: Position): void {
    if (gaps.length === 0) return
    const { compare } = this.#context.broker
    for (const { channel, until = next } of gaps)
      this.#context
        .feeds()
        .get(channel)
        ?.restartAt(compare(until, next) > 0 ? until : next)
    this.#context.onGaps(gaps)
  }

  /** Begins anew with the log that there is: everyone reads it from where he stands, and is told there what it has lost. */
  #lose(next: Position): void {
    this.#context.log.forget()
    this.#context.onLost()
    for (const feed of this.#context.feeds().kept()) feed.restartAt(next)
    this.#head = next
  }

  #feedsOf(entry: Entry): readonly Feed[] {
    return this.#context.feeds().of(entry.channels)
  }

  /** The feeds that have missed something before this entry. */
  #tornBy(entry: Entry): readonly Feed[] {
    return this.#feedsOf(entry).filter((feed) => feed.hasMissed(entry))
  }
}

function isLost(gaps: readonly ChannelGap[]): boolean {
  return gaps.some(({ reason }) => reason === 'lost')
}
