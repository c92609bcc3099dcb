import { isSame } from '../base/same.ts'
import { endOfTurn } from '../base/turn.ts'
import { Deliveries } from './deliveries.ts'
import { type Delivery, toText } from './delivery.ts'
import type { Feed } from './feed.ts'
import type { LiveReader } from './live-reader.ts'
import { Burst } from './portion.ts'

/** UTF-16 code units that are collected before they are written although the turn goes on. */
const maxPending = 256 * 1024

/** A reader who is written this many bytes more counts as one more in a slice. */
const sliceBytes = 16 * 1024

/**
 * Writes what has come in to everyone who is live, once per turn of the event loop.
 *
 * What comes while a fan-out runs waits for the next one and leaves as one buffer per audience: latency when it is quiet,
 * throughput when it is busy, and no timer. A fan-out to very many takes several turns, so that nothing else waits for all of it.
 */
export class FanOut {
  /** What has come since the last fan-out began. */
  #bursts: Burst[] = []
  #pending = 0
  /** Whether the last burst may be added to. */
  #isOpen = false
  #serial = 0
  /** Who has a portion, in the order in which they are written; those before `#next` have been. */
  #queue: LiveReader[] = []
  #next = 0
  #isScheduled = false
  readonly #slice: number
  readonly #deliveries = new Deliveries()

  /** @param slice Readers that one turn writes to. */
  constructor(slice: number) {
    this.#slice = slice
  }

  /** To be called in the order in which subscribers are to see the messages. */
  push(delivery: Delivery, feeds: readonly Feed[]): void {
    // Nobody becomes live for what came before, so it is for nobody.
    if (feeds.every((feed) => feed.live.size === 0)) return
    this.#deliveries.take(delivery.entry, feeds)
    const text = toText(delivery.entry)
    this.#burstFor(feeds).add(text)
    this.#pending += text.length
    // A burst within one turn is cut up, or it would pass every outbox limit before anyone could be told to slow down.
    if (this.#pending > maxPending) this.flush()
    else this.#schedule()
  }

  /** What came so far is not for this reader, who is just becoming live. */
  skip(reader: LiveReader): void {
    reader.firstBurst = this.#nextSerial()
  }

  /** Writes what there is for this reader now. Needed before it is written anything else, or leaves the live, so that all is in order. */
  settle(reader: LiveReader): void {
    let { portion } = reader
    if (portion === undefined && this.#bursts.length === 0) return
    for (const burst of this.#bursts) if (isFor(burst, reader)) portion = burst.after(portion)
    reader.firstBurst = this.#nextSerial()
    if (portion === undefined) return
    reader.portion = undefined
    reader.deliver(portion.packet)
  }

  /** Writes everything now. */
  flush(): void {
    this.#seal()
    this.#write(Number.POSITIVE_INFINITY)
  }

  #burstFor(feeds: readonly Feed[]): Burst {
    const last = this.#bursts.at(-1)
    if (last !== undefined && this.#isOpen && isSame(last.feeds, feeds)) return last
    const burst = new Burst(feeds, this.#serial++)
    this.#bursts.push(burst)
    this.#isOpen = true
    return burst
  }

  /** The serial of what comes from now on. */
  #nextSerial(): number {
    this.#isOpen = false
    return this.#serial
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    endOfTurn(() => {
      this.#isScheduled = false
      // What comes while some still wait leaves with the next fan-out: to give them their portions anew each turn would cost as much as to write.
      if (this.#next === this.#queue.length) this.#seal()
      this.#write(this.#slice)
      if (this.#next < this.#queue.length || this.#bursts.length > 0) this.#schedule()
    })
  }

  /** Gives each reader its portion of what has come. */
  #seal(): void {
    const bursts = this.#bursts
    this.#bursts = []
    this.#pending = 0
    this.#isOpen = false
    this.#deliveries.seal()
    for (const burst of bursts) {
      for (const feed of burst.feeds) {
        for (const reader of feed.live) {
          // A message on two of its channels: it has that already.
          if (reader.firstBurst > burst.serial || reader.portion?.burst === burst) continue
          if (reader.portion === undefined) this.#queue.push(reader)
          reader.portion = burst.after(reader.portion)
        }
      }
    }
  }

  #write(most: number): void {
    for (let left = most; left > 0 && this.#next < this.#queue.length; ) {
      const reader = this.#queue[this.#next++]
      const portion = reader?.portion
      // It was settled, or has left.
      if (reader === undefined || portion === undefined) continue
      reader.portion = undefined
      const { packet } = portion
      left -= 1 + Math.floor(packet.bytes.length / sliceBytes)
      reader.deliver(packet)
    }
    if (this.#next < this.#queue.length) return
    this.#queue = []
    this.#next = 0
    this.#deliveries.end()
  }
}

/** Whether a burst that nobody has a portion of yet is for a reader. */
function isFor({ serial, feeds }: Burst, reader: LiveReader): boolean {
  return serial >= reader.firstBurst && feeds.some((feed) => feed.live.has(reader))
}
