import { systemClock } from '../../base/clock.ts'
import { endOfTurn } from '../../base/turn.ts'
import type { Follower, Following } from '../port.ts'
import { parseAnnouncement, toRelayed } from './announcement.ts'
import type { Client, Connection } from './connection.ts'
import { Hearing } from './hearing.ts'
import type { Relay } from './relay.ts'

export interface FollowingContext {
  readonly connection: Connection
  readonly follower: Follower
  readonly prefix: string
  readonly relay: Relay
  /** Announces a text on a topic of checks, at the master. @throws {MillraceError} `broker_unavailable`, `broker_closed` */
  readonly announce: (topic: string, text: string) => Promise<void>
}

/** What was asked for in one command. What was let go meanwhile and is followed anew has another one, which is confirmed later. */
interface Subscription {
  isConfirmed: boolean
}

/** How often it is checked that announcements still arrive, in ms. */
const checkInterval = 5_000

/**
 * The one subscriber connection of a hub: it is subscribed to what the hub follows, and to nothing else.
 *
 * | state     | meaning                                                          | leaves it by                                     |
 * | --------- | ---------------------------------------------------------------- | ------------------------------------------------ |
 * | `away`    | there is no connection                                           | a connection -> `unsure`                         |
 * | `unsure`  | it subscribes, and checks that what the master announces arrives | heard -> `sure`; not heard, or lost -> `away`    |
 * | `sure`    | announcements arrive; checked again from time to time            | not heard, or lost -> `away`                     |
 */
export class RedisFollowing implements Following {
  readonly #context: FollowingContext
  readonly #hearing: Hearing
  /** What should be followed, and what to do when it is. */
  readonly #wanted = new Map<string, { readonly followed: Promise<void>; readonly resolve: () => void }>()
  /** What Redis has been asked for on this connection. */
  readonly #subscribed = new Map<string, Subscription>()
  #fresh: string[] = []
  /** Undefined while `away`. */
  #client: Client | undefined
  #isSure = false
  #endChecks = () => {}

  constructor(context: FollowingContext) {
    this.#context = context
    this.#hearing = new Hearing(context)
    context.connection.listen({
      onReady: (client) => void this.#begin(client),
      onLost: () => this.#lose(),
    })
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
    if (this.#subscribed.delete(channel)) this.#unsubscribe(channel)
  }

  async close(): Promise<void> {
    for (const { resolve } of this.#wanted.values()) resolve()
    this.#wanted.clear()
    this.#lose()
    this.#context.connection.close()
  }

  /** Gives up the connection, which may lead to the wrong server, and makes another. */
  reconnect(why: unknown): void {
    const { connection } = this.#context
    connection.drop(connection.client, why)
  }

  async #begin(client: Client): Promise<void> {
    this.#client = client
    try {
      await client.subscribe(this.#hearing.topic, (text) => this.#hearing.hear(text))
      await this.#subscribe(client, [...this.#wanted.keys()])
      await this.#hearing.prove(() => client === this.#client)
    } catch (error) {
      this.#context.connection.drop(client, error)
      return
    }
    if (client !== this.#client) return
    this.#isSure = true
    this.#context.connection.prove()
    this.#settle(this.#subscribed.keys())
    this.#context.follower.onResumed()
    this.#endChecks = systemClock.every(checkInterval, () => void this.#check(client))
  }

  async #check(client: Client): Promise<void> {
    try {
      await this.#hearing.prove(() => client === this.#client)
    } catch (error) {
      this.#context.connection.drop(client, error)
    }
  }

  #lose(): void {
    const wasSure = this.#isSure
    this.#client = undefined
    this.#isSure = false
    this.#subscribed.clear()
    this.#endChecks()
    if (wasSure) this.#context.follower.onInterrupted()
  }

  #followFresh(): void {
    const fresh = this.#fresh
    this.#fresh = []
    const client = this.#client
    if (client === undefined) return
    this.#subscribe(client, fresh).catch((error: unknown) => {
      // Where the connection was lost, the next one asks for them anew.
      if (client === this.#client) this.#context.follower.onError(error)
    })
  }

  async #subscribe(client: Client, channels: readonly string[]): Promise<void> {
    const added = channels.filter((channel) => this.#wanted.has(channel) && !this.#subscribed.has(channel))
    if (added.length === 0) return
    const subscription: Subscription = { isConfirmed: false }
    for (const channel of added) this.#subscribed.set(channel, subscription)
    const topics = added.flatMap((channel) => this.#topicsOf(channel))
    try {
      await client.subscribe(topics, this.#receive, true)
    } catch (error) {
      for (const channel of added) if (this.#subscribed.get(channel) === subscription) this.#subscribed.delete(channel)
      throw error
    }
    if (client !== this.#client) return
    subscription.isConfirmed = true
    if (this.#isSure) this.#settle(added)
  }

  /** Tells those who wait for these channels, as far as Redis has confirmed them. */
  #settle(channels: Iterable<string>): void {
    for (const channel of channels) if (this.#subscribed.get(channel)?.isConfirmed) this.#wanted.get(channel)?.resolve()
  }

  #unsubscribe(channel: string): void {
    const client = this.#client
    // With the listener, or the client would not ask for the topic again before it is rid of it, and be deaf on it then.
    client?.unsubscribe(this.#topicsOf(channel), this.#receive, true).catch((error: unknown) => {
      if (client === this.#client) this.#context.follower.onError(error)
    })
  }

  #topicsOf(channel: string): string[] {
    const live = `${this.#context.prefix}live:${channel}`
    const raw = this.#context.relay.topicOf(channel)
    return raw === undefined ? [live] : [live, raw]
  }

  readonly #receive = (message: Buffer, name: Buffer): void => {
    const { follower, prefix, relay } = this.#context
    const topic = name.toString()
    const live = `${prefix}live:`
    const isOurs = topic.startsWith(live)
    const channel = isOurs ? topic.slice(live.length) : relay.channelOf(topic)
    // What was let go is announced until Redis has heard of it.
    if (!this.#wanted.has(channel)) return
    try {
      if (isOurs) for (const entry of parseAnnouncement(message)) follower.onEntry(entry)
      else follower.onEntry(toRelayed(channel, message.toString()))
    } catch (error) {
      follower.onError(error)
    }
  }
}
