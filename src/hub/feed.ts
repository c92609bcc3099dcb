import { type Entry, type Position, prevIn } from '../broker/port.ts'
import type { SlowPolicy } from '../channels/slow.ts'
import type { Delivery } from './delivery.ts'
import type { LiveReader } from './live-reader.ts'
import type { Source } from './log/merge.ts'
import { type Positions, Stretch } from './log/stretch.ts'
import { Ring } from './ring.ts'

let feeds = 0

/** What a channel's declaration says that its feed has to know. */
export interface FeedPolicy {
  /** Whether the channel keeps messages. One that does not makes no promise and is not read from the log. */
  readonly kept: boolean
  readonly slow: SlowPolicy
  /** The pattern under which it is declared. */
  readonly pattern: string
}

/** One channel that somebody here listens to: who is live on it, and what it has had lately. */
export class Feed {
  readonly channel: string
  /** The pattern under which the channel is declared. */
  readonly pattern: string
  /** Tells two followings of one channel apart. */
  readonly serial = feeds++
  readonly kept: boolean
  readonly slow: SlowPolicy
  /** Resolves when everything published from then on is sure to be announced here. */
  readonly followed: Promise<void>
  /** Whether it has resolved. */
  isFollowed = false
  /** Who gets each message as it comes. */
  readonly live = new Set<LiveReader>()
  /** Live too, but their cursors are ahead of what this hub has heard: another hub showed them messages that are still on their way here. */
  readonly ahead = new Set<LiveReader>()
  /** Those who read the log, and get here what only the live get when they are live again. */
  readonly behind = new Set<LiveReader>()
  /** How many subscribers hold it, in whatever state. */
  holders = 0

  readonly #broker: Positions
  readonly #ring = new Ring()
  /** Every message of the channel after this position is in the ring; undefined until that is known. */
  #from: Position | undefined
  /** The ring reaches back no further than this, wherever it starts. */
  #floor: Position | undefined
  /** The last position up to which nothing of the channel has been missed. */
  #known: Position | undefined
  #recent: Stretch | undefined
  /** The position before the first entry that was announced. */
  #firstPrev: Position | null | undefined

  constructor(channel: string, { kept, slow, pattern }: FeedPolicy, followed: Promise<void>, broker: Positions) {
    this.channel = channel
    this.pattern = pattern
    this.kept = kept
    this.slow = slow
    this.followed = followed
    const follow = () => {
      this.isFollowed = true
    }
    followed.then(follow, () => {})
    this.#broker = broker
  }

  get known(): Position | undefined {
    return this.#known
  }

  /** To be told the head of a log that was read after the channel was followed. */
  startAt(head: Position): void {
    if (this.#from !== undefined) return
    const { compare } = this.#broker
    // What was announced before this may itself begin after a hole: then the ring reaches back no further than there.
    const ends = [head, this.#firstPrev, this.#floor].filter((position) => position != null)
    const from = ends.toSorted(compare).at(-1) ?? head
    this.#from = from
    // Who is live here has all up to there from the log, so nothing before it can be missing.
    if (this.#known === undefined || compare(from, this.#known) > 0) this.#known = from
  }

  /** Begins anew at `head`: what was in the ring does not join on to what follows. */
  restartAt(head: Position): void {
    this.#ring.clear()
    if (this.#from !== undefined) {
      this.#from = this.#known = head
      return
    }
    // Nobody is live on it yet. What it was announced may be of what the log has lost.
    this.#floor = head
    this.#known = this.#firstPrev = undefined
  }

  /**
   * Gives up what the ring has up to `position`: some of it may have gone past this feed, or it is of another timeline of the log,
   * and then what was known of it may lie on a part that was lost.
   */
  skipTo(position: Position): void {
    const { compare, timelineOf } = this.#broker
    const from = this.#from
    if (from !== undefined && compare(from, position) >= 0 && timelineOf(from) === timelineOf(position)) return
    const known = this.#known
    this.restartAt(position)
    // Only forward: a hole that has not shown yet must still show.
    if (from !== undefined && known !== undefined && compare(known, position) < 0) this.#known = known
  }

  /** Whether an entry of the channel at this position has not come by yet. */
  lacks(position: Position): boolean {
    return this.kept && this.#known !== undefined && this.#broker.compare(position, this.#known) > 0
  }

  /** Whether an announced entry shows that something before it was missed. */
  hasMissed(entry: Entry): boolean {
    const prev = prevIn(entry, this.channel)
    return prev != null && this.#known !== undefined && this.#broker.compare(prev, this.#known) > 0
  }

  /** To be told, once a hole is mended, the entry that showed it. */
  mendedTo(entry: Entry): void {
    const prev = prevIn(entry, this.channel)
    if (this.hasMissed(entry) && prev != null) this.#known = prev
  }

  add(delivery: Delivery, position: Position): void {
    if (this.#known === undefined) this.#firstPrev = prevIn(delivery.entry, this.channel)
    // What is found late comes after what was known, and what is read again before it.
    if (this.#known === undefined || this.#broker.compare(position, this.#known) > 0) this.#known = position
    const dropped = this.#ring.add(delivery)
    if (dropped !== undefined && this.#from !== undefined && this.#broker.compare(dropped, this.#from) > 0)
      this.#from = dropped
  }

  /**
   * Whether the ring has everything after the cursor, and can vouch for that. All of the ring is of one timeline, so every sound cursor
   * within it is of that one too.
   */
  reachesTo(cursor: Position): boolean {
    const { compare, timelineOf } = this.#broker
    if (!this.kept) return true
    return this.#from !== undefined && compare(cursor, this.#from) >= 0 && timelineOf(cursor) === timelineOf(this.#from)
  }

  /** The latest deliveries, after the cursor or all of them: see {@link reachesTo}. */
  after(cursor: Position): Source {
    const { run } = this.#ring
    return { run, first: run.indexAfter(cursor, this.#broker.compare) }
  }

  /** What the ring has, as a stretch that goes up to where the hub has heard the log. */
  recent(heard: Position): Stretch | undefined {
    if (this.#from === undefined) return undefined
    const { run } = this.#ring
    const last = this.#recent
    if (last?.from !== this.#from || last.to !== heard || last.run !== run)
      this.#recent = new Stretch(this.#broker, { from: this.#from, to: heard, run, isRead: false })
    return this.#recent
  }

  /** To be told what was read of the channel: where it has had nothing before the ring begins, the ring reaches back as far. */
  reachBack(stretch: Stretch): void {
    const { compare, timelineOf } = this.#broker
    const from = this.#from
    if (from === undefined || compare(stretch.to, from) < 0) return
    const back = stretch.lastUpTo(from)
    if (compare(back, from) < 0 && timelineOf(back) === timelineOf(from)) this.#from = back
  }

  /** Whether the ring can be resumed from at all. */
  get covered(): boolean {
    return !this.kept || this.#from !== undefined
  }
}
