import { deliverProbe } from '../base/probe.ts'
import type { Deliver } from '../base/watched.ts'
import type { Entry } from '../broker/port.ts'
import type { Feed } from './feed.ts'

type Begun = Omit<Deliver, 'duration'> & { readonly begin: number }

/** Tells those who watch of each message that a fan-out has written. Where nobody watches, each turn asks so three times. */
export class Deliveries {
  /** Of these nobody has a portion yet. */
  #taken: Begun[] = []
  #leaving: Begun[] = []

  /** A message comes in, for whoever is live on these feeds. */
  take({ position, event, trace }: Entry, feeds: readonly Feed[]): void {
    if (!deliverProbe.isWatched) return
    const live = feeds.filter((feed) => feed.live.size > 0)
    const readers = live.length === 1 ? live[0]?.live : new Set(live.flatMap((feed) => [...feed.live]))
    this.#taken.push({
      position,
      channels: live.map(({ channel }) => channel),
      patterns: [...new Set(live.map(({ pattern }) => pattern))],
      event,
      subscribers: readers?.size ?? 0,
      at: Date.now(),
      trace,
      begin: performance.now(),
    })
  }

  /** What was taken up to now is being written. */
  seal(): void {
    if (this.#taken.length === 0) return
    this.#leaving.push(...this.#taken)
    this.#taken = []
  }

  /** All that was sealed has been written. */
  end(): void {
    if (this.#leaving.length === 0) return
    const leaving = this.#leaving
    this.#leaving = []
    const now = performance.now()
    for (const { begin, ...message } of leaving) deliverProbe.tell({ ...message, duration: now - begin })
  }
}
