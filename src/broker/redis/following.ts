import { endOfTurn } from '../../base/turn.ts'
import type { Follower, Following } from '../port.ts'
import { parseAnnouncement, toRelayed } from './announcement.ts'
import type { Connection } from './connection.ts'
import type { Relay } from './relay.ts'

export interface FollowingContext {
  readonly connection: Connection
  readonly follower: Follower
  readonly prefix: string
  readonly relay: Relay
}

/** The one subscriber connection of a hub: it is subscribed to what the hub follows, and to nothing else. */
export class RedisFollowing implements Following {
  readonly #context: FollowingContext
  /** What should be followed, and what to do when it is. */
  readonly #wanted = new Map<string, { readonly followed: Promise<void>; readonly resolve: () => void }>()
  /** What Redis has been asked for on this connection. */
  readonly #subscribed = new Set<string>()
  #fresh: string[] = []
  #isUp = false

  constructor(context: FollowingContext) {
    this.#context = context
    const { client } = context.connection
    client.on('ready', () => void this.#resume())
    for (const lost of ['error', 'reconnecting', 'end']) client.on(lost, () => this.#interrupt())
  }

  follow(channel: string): Promise<void> {
    const wanted = this.#wanted.get(channel)
    if (wanted !== undefined) return wanted.followed
    let resolve = () => {}
    const followed = new Promise<void>((done) => {
      resolve = done
    })
    this.#wanted.set(channel, { followed, resolve })
    // Those of one turn go in one command: a storm of connections is one, and not thousands.
    if (this.#fresh.push(channel) === 1) endOfTurn(() => this.#followFresh())
    return followed
  }

  unfollow(channel: string): void {
    this.#wanted.get(channel)?.resolve()
    this.#wanted.delete(channel)
    if (this.#isUp && this.#subscribed.delete(channel)) this.#unsubscribe([channel])
  }

  async close(): Promise<void> {
    for (const { resolve } of this.#wanted.values()) resolve()
    this.#wanted.clear()
    this.#isUp = false
    this.#context.connection.close()
  }

  #followFresh(): void {
    const fresh = this.#fresh
    this.#fresh = []
    if (this.#isUp) void this.#subscribe(fresh)
  }

  #interrupt(): void {
    if (!this.#isUp) return
    this.#isUp = false
    this.#context.follower.onInterrupted()
  }

  /** The client has subscribed again to what it was subscribed to; what has changed meanwhile is up to us. */
  async #resume(): Promise<void> {
    this.#isUp = true
    const stale = [...this.#subscribed].filter((channel) => !this.#wanted.has(channel))
    for (const channel of stale) this.#subscribed.delete(channel)
    if (stale.length > 0) this.#unsubscribe(stale)
    if (await this.#subscribe([...this.#wanted.keys()])) this.#context.follower.onResumed()
  }

  async #subscribe(channels: readonly string[]): Promise<boolean> {
    const { client } = this.#context.connection
    const added = channels.filter((channel) => this.#wanted.has(channel) && !this.#subscribed.has(channel))
    for (const channel of added) this.#subscribed.add(channel)
    try {
      if (added.length > 0)
        await client.subscribe(
          added.flatMap((channel) => this.#topicsOf(channel)),
          this.#receive,
        )
    } catch (error) {
      // Where the connection was lost, the next `ready` asks for them anew.
      for (const channel of added) this.#subscribed.delete(channel)
      if (this.#isUp) this.#context.follower.onError(error)
      return false
    }
    for (const channel of channels) if (this.#subscribed.has(channel)) this.#wanted.get(channel)?.resolve()
    return this.#isUp
  }

  #unsubscribe(channels: readonly string[]): void {
    const { connection, follower } = this.#context
    const topics = channels.flatMap((channel) => this.#topicsOf(channel))
    connection.client.unsubscribe(topics).catch((error: unknown) => {
      if (this.#isUp) follower.onError(error)
    })
  }

  #topicsOf(channel: string): string[] {
    const live = `${this.#context.prefix}live:${channel}`
    const raw = this.#context.relay.topicOf(channel)
    return raw === undefined ? [live] : [live, raw]
  }

  readonly #receive = (message: string, topic: string): void => {
    const { follower, prefix, relay } = this.#context
    try {
      const isOurs = topic.startsWith(`${prefix}live:`)
      follower.onEntry(isOurs ? parseAnnouncement(message) : toRelayed(relay.channelOf(topic), message))
    } catch (error) {
      follower.onError(error)
    }
  }
}
