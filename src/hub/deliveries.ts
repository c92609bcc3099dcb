import { deliverProbe } from '../base/probe.ts'
import type { Deliver } from '../base/watched.ts'
import type { Entry } from '../broker/port.ts'
import type { Feed } from './feed.ts'
import type { LiveReader } from './live-reader.ts'

type Begun = Omit<Deliver, 'duration'> & { readonly begin: number }

/** Tells those who watch of each message that a fan-out has written. Where nobody watches, each turn asks so three times. */
export class Deliveries {
  /** Of these nobody has a portion yet. */
  #taken: Begun[] = []
  #leaving: Begun[] = []

  /** A message comes in, for whoever is live on these feeds. */
  take(entry: Entry, feeds: readonly Feed[]): void {
    if (!deliverProbe.isWatched) return
    const live = feeds.filter((feed) => feed.live.size > 0)
    const readers = live.length === 1 ? live[0]?.live : new Set(live.flatMap((feed) => [...feed.live]))
    this.#taken.push(begin(entry, live, readers?.size ?? 0))
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
    for (const delivery of leaving) end(delivery)
  }
}

/** Runs `deliver`, which writes a message that comes late to these readers, past the fan-out. */
export function deliverWatched(
  entry: Entry,
  feeds: readonly Feed[],
  readers: ReadonlySet<LiveReader>,
  deliver: () => void,
): void {
  const delivery = deliverProbe.isWatched && readers.size > 0 ? begin(entry, feeds, readers.size) : undefined
  deliver()
  if (delivery !== undefined) end(delivery)
}

function begin({ position, event, trace }: Entry, feeds: readonly Feed[], subscribers: number): Begun {
  return {
    position,
    channels: feeds.map(({ channel }) => channel),
    patterns: [...new Set(feeds.map(({ pattern }) => pattern))],
    event,
    subscribers,
    at: Date.now(),
    trace,
    begin: performance.now(),
  }
}

function end({ begin, ...message }: Begun): void {
  deliverProbe.tell({ ...message, duration: performance.now() - begin })
}
