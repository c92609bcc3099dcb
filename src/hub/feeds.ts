import type { Broker, Following } from '../broker/port.ts'
import { Feed } from './feed.ts'

/** The channel index: channel -> feed, for the channels that somebody here listens to and no others. */
export class Feeds {
  readonly #feeds = new Map<string, Feed>()
  readonly #following: Following
  readonly #compare: Broker['compare']

  constructor(following: Following, compare: Broker['compare']) {
    this.#following = following
    this.#compare = compare
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

  /** The feeds of `channels` that are here, each once. */
  of(channels: readonly string[]): Feed[] {
    const feeds: Feed[] = []
    for (const channel of channels) {
      const feed = this.#feeds.get(channel)
      if (feed !== undefined) feeds.push(feed)
    }
    return feeds
  }

  /** Takes hold of a channel; the first to do so makes the hub follow it. */
  acquire(channel: string, kept: boolean): Feed {
    let feed = this.#feeds.get(channel)
    if (feed === undefined) {
      feed = new Feed(channel, kept, this.#following.follow(channel), this.#compare)
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
