import { joinBytes, toBytes } from '../base/bytes.ts'
import type { Feed } from './feed.ts'
import { Packet } from './packet.ts'

/** Messages that follow on each other and go to the same feeds. */
export class Burst {
  readonly feeds: readonly Feed[]
  /** Counts up from one burst to the next. */
  readonly serial: number
  readonly #texts: string[] = []
  #packet: Packet | undefined
  /** The portion that was asked for last: readers of the same channels stand next to each other. */
  #last: Portion | undefined
  #portions: Map<Portion | undefined, Portion> | undefined

  constructor(feeds: readonly Feed[], serial: number) {
    this.feeds = feeds
    this.serial = serial
  }

  add(text: string): void {
    this.#texts.push(text)
  }

  get packet(): Packet {
    this.#packet ??= Packet.toMany(toBytes(this.#texts.join('')))
    return this.#packet
  }

  /** What whoever already waits for `before` is to be written with this: one portion for all of these. */
  after(before: Portion | undefined): Portion {
    if (this.#last !== undefined && this.#last.before === before) return this.#last
    const known = this.#portions?.get(before)
    if (known !== undefined) {
      this.#last = known
      return known
    }
    const portion = new Portion(before, this)
    if (this.#last !== undefined) {
      this.#portions ??= new Map([[this.#last.before, this.#last]])
      this.#portions.set(before, portion)
    }
    this.#last = portion
    return portion
  }
}

/**
 * What one audience is still to be written: a burst, after those before it. Readers who wait for the same bursts have the same
 * portion, so its bytes are put together once for all of them.
 */
export class Portion {
  readonly before: Portion | undefined
  readonly burst: Burst
  #packet: Packet | undefined

  constructor(before: Portion | undefined, burst: Burst) {
    this.before = before
    this.burst = burst
  }

  get packet(): Packet {
    this.#packet ??= this.#join()
    return this.#packet
  }

  #join(): Packet {
    if (this.before === undefined) return this.burst.packet
    const parts: Uint8Array[] = []
    for (let portion: Portion | undefined = this; portion !== undefined; portion = portion.before)
      parts.push(portion.burst.packet.bytes)
    return Packet.toMany(joinBytes(parts.reverse()))
  }
}
