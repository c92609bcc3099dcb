import type { Broker, Following, Position } from '../broker/port.ts'
import { Feed, type FeedPolicy } from './feed.ts'
import type { Positions } from './log/stretch.ts'

/** The last position up to which nothing has been missed on the one of the feeds where that is latest. */
export function latestKnown(feeds: readonly Feed[], compare: Broker['compare']): Position | undefined {
  const known = feeds.map((feed) => feed.known).filter((position) => position !== undefined)
  return known.toSorted(compare).at(-1)
}

/** The channel index: channel -> feed, for the channels that somebody here listens to and no others. */
export class Feeds {
  readonly #feeds = new Map<string, Feed>()
  readonly #following: Following
  readonly #broker: Positions

  constructor(following: Following, broker: Positions) {
    this.#following = following
    this.#broker = broker
  }

  get size(): number {
    return this.#feeds.size
  }

  get(channel: string): Feed | undefined {
    return this.#feeds.get(channel)
  }

  /** Those that keep messages and are announced, which are the ones that can have missed something. */
  kept(): Feed[] {
    return [...this.#feeds.values()].filter((feed) => feed.kept)
  }

  /** Another timeline of the log begins here. Who is ahead may have been so on a branch that was lost. */
  branchAt(position: Position): void {
    const ahead = new Set([...this.#feeds.values()].flatMap((feed) => [...feed.ahead]))
    for (const reader of ahead) reader.reconsider()
    for (const feed of this.#feeds.values()) feed.skipTo(position)
  }

  /** The feeds of `channels` that are here, each once. */
  of(channels: readonly string[]): Feed[] {
    const [only = ''] = channels
    if (channels.length === 1) {
      const feed = this.#feeds.get(only)
      return feed === undefined ? [] : [feed]
    }
    const feeds: Feed[] = []
    for (const channel of channels) {
      const feed = this.#feeds.get(channel)
      if (feed !== undefined) feeds.push(feed)
    }
    return feeds
  }

  /** Takes hold of a channel; the first to do so makes the hub follow it. */
  acquire(channel: string, policy: FeedPolicy): Feed {
    let feed = this.#feeds.get(channel)
    if (feed === undefined) {
      feed = new Feed(channel, policy, this.#following.follow(channel), this.#broker)
      this.#feeds.set(channel, feed)
    }
    feed.holders++
    return feed
  }

  /** Lets go of it; the last to do so ends the following. */
  release(feed: Feed): void {
    feed.holders--
    if (feed.holders > 0) return
    this.#feeds.delete(feed.channel)
    this.#following.unfollow(feed.channel)
  }
}
