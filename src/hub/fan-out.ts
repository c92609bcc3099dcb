import { joinBytes } from '../base/bytes.ts'
import { endOfTurn } from '../base/turn.ts'
import type { Delivery } from './delivery.ts'
import type { Feed } from './feed.ts'
import type { LiveReader } from './live-reader.ts'
import { Packet } from './packet.ts'

/** Frames that follow on each other and go to the same feeds. */
interface Run {
  readonly feeds: readonly Feed[]
  readonly frames: Uint8Array[]
}

/** Bytes that are collected before they are written although the turn goes on. */
const maxPending = 256 * 1024

/**
 * Writes what has come in to everyone who is live, once per turn of the event loop.
 *
 * What comes while a fan-out runs waits for the next one and leaves as one buffer per subscriber: latency when it is quiet,
 * throughput when it is busy, and no timer.
 */
export class FanOut {
  #runs: Run[] = []
  /** What waits for the end of this turn. */
  #bytes = 0
  #scheduled = false

  /** To be called in the order in which subscribers are to see the frames. */
  push(delivery: Delivery, feeds: readonly Feed[]): void {
    // Nobody can become live before what waits here is written, so it is for nobody.
    if (feeds.every((feed) => feed.live.size === 0)) return
    const { frame } = delivery
    const last = this.#runs.at(-1)
    if (last !== undefined && isSame(last.feeds, feeds)) last.frames.push(frame)
    else this.#runs.push({ feeds, frames: [frame] })
    this.#bytes += frame.length
    // A burst within one turn is cut up, or it would pass every outbox limit before anyone could be told to slow down.
    if (this.#bytes > maxPending) this.flush()
    if (this.#scheduled) return
    this.#scheduled = true
    endOfTurn(() => {
      this.#scheduled = false
      this.flush()
    })
  }

  /** Writes now. Needed before anyone becomes live or is written to out of turn, so that he gets each message once and in order. */
  flush(): void {
    const runs = this.#runs
    const [first] = runs
    if (first === undefined) return
    this.#runs = []
    this.#bytes = 0
    if (runs.length === 1 && first.feeds.length === 1) {
      const packet = Packet.toMany(joinBytes(first.frames))
      for (const subscriber of first.feeds[0]?.live ?? []) subscriber.deliver(packet)
      return
    }
    deliverAll(runs)
  }
}

function deliverAll(runs: readonly Run[]): void {
  const parts = new Map<LiveReader, Uint8Array[]>()
  for (const { feeds, frames } of runs) {
    const bytes = joinBytes(frames)
    for (const feed of feeds) {
      for (const subscriber of feed.live) {
        const own = parts.get(subscriber)
        if (own === undefined) parts.set(subscriber, [bytes])
        // A message on two of his channels: he has it already.
        else if (own.at(-1) !== bytes) own.push(bytes)
      }
    }
  }
  // Subscribers of the same channels stand next to each other and get the same parts: join them once for all of these.
  let previous: readonly Uint8Array[] = []
  let joined: Packet | undefined
  for (const [subscriber, own] of parts) {
    if (joined === undefined || !isSame(previous, own)) {
      joined = Packet.toMany(joinBytes(own))
      previous = own
    }
    subscriber.deliver(joined)
  }
}

function isSame<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}
