import { type Broker, type Entry, type Position, prevIn } from '../broker/port.ts'
import type { Delivery } from './delivery.ts'
import type { LiveReader } from './live-reader.ts'
import { Ring } from './ring.ts'

let feeds = 0

/** One channel that somebody here listens to: who is live on it, and what it has had lately. */
export class Feed {
  readonly channel: string
  /** Tells two followings of one channel apart. */
  readonly serial = feeds++
  /** Whether the channel keeps messages. One that does not makes no promise and is not read from the log. */
  readonly kept: boolean
  /** Resolves when everything published from then on is sure to be announced here. */
  readonly followed: Promise<void>
  /** Who gets each message as it comes. */
  readonly live = new Set<LiveReader>()
  /** Live too, but their cursors are ahead of what this hub has heard: another hub showed them messages that are still on their way here. */
  readonly ahead = new Set<LiveReader>()
  /** How many subscribers hold it, in whatever state. */
  holders = 0

  readonly #compare: Broker['compare']
  readonly #ring = new Ring()
  /** Every message of the channel after this position is in the ring; undefined until that is known. */
  #from: Position | undefined
  /** The last position up to which nothing of the channel has been missed. */
  #known: Position | undefined
  /** The position before the first entry that was announced. */
  #firstPrev: Position | null | undefined

  constructor(channel: string, kept: boolean, followed: Promise<void>, compare: Broker['compare']) {
    this.channel = channel
    this.kept = kept
    this.followed = followed
    this.#compare = compare
  }

  get known(): Position | undefined {
    return this.#known
  }

  /** To be told the head of a log that was read after the channel was followed. */
  startAt(head: Position): void {
    if (this.#from !== undefined) return
    // What was announced before this may itself begin after a hole: then the ring reaches back no further than there.
    const firstPrev = this.#firstPrev
    this.#from = firstPrev != null && this.#compare(firstPrev, head) > 0 ? firstPrev : head
    if (this.#known === undefined || this.#compare(head, this.#known) > 0) this.#known = head
  }

  /** Begins anew at `head`: what was in the ring does not join on to what follows. */
  restartAt(head: Position): void {
    this.#ring.clear()
    this.#from = this.#known = head
  }

  /** Whether an entry of the channel at this position has not come by yet. */
  lacks(position: Position): boolean {
    return this.kept && this.#known !== undefined && this.#compare(position, this.#known) > 0
  }

  /** Whether an announced entry shows that something before it was missed. */
  hasMissed(entry: Entry): boolean {
    const prev = prevIn(entry, this.channel)
    return prev != null && this.#known !== undefined && this.#compare(prev, this.#known) > 0
  }

  /** To be told, once a hole is mended, the entry that showed it. */
  mendedTo(entry: Entry): void {
    const prev = prevIn(entry, this.channel)
    if (this.hasMissed(entry) && prev != null) this.#known = prev
  }

  add(delivery: Delivery, position: Position): void {
    if (this.#known === undefined) this.#firstPrev = prevIn(delivery.entry, this.channel)
    this.#known = position
    const dropped = this.#ring.add(delivery)
    if (dropped !== undefined && this.#from !== undefined && this.#compare(dropped, this.#from) > 0)
      this.#from = dropped
  }

  /** Everything after the cursor, or undefined where the ring does not reach back to it. */
  after(cursor: Position): readonly Delivery[] | undefined {
    if (!this.kept) return []
    if (this.#from === undefined || this.#compare(cursor, this.#from) < 0) return undefined
    return this.#ring.after(cursor, this.#compare)
  }

  /** Whether the ring can be resumed from at all. */
  get covered(): boolean {
    return !this.kept || this.#from !== undefined
  }
}
