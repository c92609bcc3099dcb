import type { Clock } from '../../base/clock.ts'
import { firstIndex } from '../../base/search.ts'
import type { Feed } from '../feed.ts'
import type { Place, Positions, Stretch } from './stretch.ts'

/** Bytes of memory for what was read lately, of all channels together. It is a cache: past it, what was used longest ago goes. */
const maxBytes = 8 * 1024 * 1024

/** What nobody has used for this long goes too, in ms; at the latest after twice as long. */
const shelfLife = 5_000

/** Overlapping stretches of one feed that are looked at for a place. */
const maxOverlap = 8

interface Kept {
  readonly feed: Feed
  readonly size: number
  usedIn: number
}

/** The stretches of history that were read for those who catch up: who comes next finds them here. */
export class Stretches {
  readonly #positions: Positions
  readonly #clock: Clock
  /** Of each feed, in the order of where they begin. */
  readonly #ofFeed = new Map<Feed, Stretch[]>()
  /** The one that was used longest ago comes first. */
  readonly #kept = new Map<Stretch, Kept>()
  #bytes = 0
  #period = 0
  #isTimed = false

  constructor(positions: Positions, clock: Clock) {
    this.#positions = positions
    this.#clock = clock
  }

  find(feed: Feed, place: Place): Stretch | undefined {
    const own = this.#ofFeed.get(feed)
    if (own === undefined) return undefined
    const end = this.#endOf(own, place)
    for (let index = end - 1; index >= 0 && index >= end - maxOverlap; index--) {
      const stretch = own[index]
      if (stretch?.covers(place)) {
        this.#touch(stretch)
        return stretch
      }
    }
    return undefined
  }

  add(feed: Feed, stretch: Stretch): void {
    const own = this.#ofFeed.get(feed) ?? []
    if (own.length === 0) this.#ofFeed.set(feed, own)
    own.splice(this.#endOf(own, { after: stretch.from, isTime: false }), 0, stretch)
    const { size, deliveries } = stretch.run
    // The frames, their joined pieces, the entries' text, and what objects cost.
    const kept = { feed, size: 500 + 400 * deliveries.length + 3 * size, usedIn: this.#period }
    this.#kept.set(stretch, kept)
    this.#bytes += kept.size
    for (const [oldest] of this.#kept) {
      if (this.#bytes <= maxBytes) break
      this.#drop(oldest)
    }
    this.#time()
  }

  clear(): void {
    this.#ofFeed.clear()
    this.#kept.clear()
    this.#bytes = 0
  }

  /** How many begin at or before a place. */
  #endOf(own: readonly Stretch[], { after }: Place): number {
    return firstIndex(0, own.length, (index) => this.#positions.compare(own[index]?.from ?? '', after) > 0)
  }

  #touch(stretch: Stretch): void {
    const kept = this.#kept.get(stretch)
    if (kept === undefined) return
    kept.usedIn = this.#period
    this.#kept.delete(stretch)
    this.#kept.set(stretch, kept)
  }

  #drop(stretch: Stretch): void {
    const kept = this.#kept.get(stretch)
    if (kept === undefined) return
    this.#kept.delete(stretch)
    this.#bytes -= kept.size
    const own = this.#ofFeed.get(kept.feed) ?? []
    own.splice(own.indexOf(stretch), 1)
    if (own.length === 0) this.#ofFeed.delete(kept.feed)
  }

  #time(): void {
    if (this.#isTimed) return
    this.#isTimed = true
    this.#clock.after(shelfLife, () => {
      this.#isTimed = false
      this.#period++
      for (const [stretch, { feed, usedIn }] of this.#kept)
        if (usedIn < this.#period - 1 || feed.holders === 0) this.#drop(stretch)
      if (this.#kept.size > 0) this.#time()
    })
  }
}
