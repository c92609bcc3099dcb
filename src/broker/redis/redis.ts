import type { RedisClientOptions } from 'redis'
import { MillraceError, type OnError, quote, warn } from '../../base/errors.ts'
import { endOfTurn } from '../../base/turn.ts'
import { placeOf, toPage } from '../page.ts'
import type { Broker, Follower, Following, Outgoing, Page, PageLimit, Position } from '../port.ts'
import { comparePositions, parsePosition, positionAt } from '../position.ts'
import { timelineOf } from '../timeline.ts'
import { defaultHorizon, defaultIdWindow } from '../windows.ts'
import { Appends } from './appends.ts'
import { Calls } from './calls.ts'
import { Connection } from './connection.ts'
import { RedisFollowing } from './following.ts'
import type { Procedures } from './procedures.ts'
import { type ReadReply, toSlice, toView } from './read-reply.ts'
import { createRelay, type Relay } from './relay.ts'
import { Replicas } from './replicas.ts'

export interface RedisOptions {
  /** Begins every key and channel name in Redis. Hubs that share it share their log. @default 'millrace:' */
  readonly prefix?: string
  /**
   * Channels, by name or with `*`, on which raw `PUBLISH`es of other programs are relayed to subscribers: ephemeral messages, bytes
   * unchanged. @default none
   */
  readonly relay?: readonly string[]
  /** What other programs' Redis channels begin with, and channels here do not: Laravel's key prefix, for example. @default '' */
  readonly relayPrefix?: string
  /**
   * How long a publish that does not say so itself waits for Redis when it is away, in ms. 0: it fails at once. A Redis that is there
   * and does not answer is waited for 2 s longer. @default 5_000
   */
  readonly wait?: number
  /**
   * How many replicas must have a message before it counts as published; needs the command WAIT. Where they have not within a second,
   * the publish fails with `replicas_too_few`. @default 0
   */
  readonly minReplicas?: number
  /** How long a publisher's `id` makes a repeated append the same message, in ms. @default 10 minutes */
  readonly idWindow?: number
  /** How long a channel is remembered after its last message, in ms. @default 30 days */
  readonly horizon?: number
  /** More options for the `redis` client: TLS, user, password, database. */
  readonly client?: RedisClientOptions
  /** Hears that Redis cannot be reached. @default the `onError` of the hub */
  readonly onError?: OnError
}

/**
 * The log in Redis (7 or later, or Valkey), shared by all hubs that use the same server and prefix. Needs the package `redis`.
 *
 * An acknowledged publish is in the memory of the Redis server that answered; whether it survives that server is a matter of its
 * persistence (`appendfsync`). Two connections for each process: one to publish and read, one to hear announcements.
 *
 * @param url `redis[s]://[user[:password]@]host[:port][/database]`
 */
export function redis(url = 'redis://127.0.0.1:6379', options: RedisOptions = {}): Broker {
  return new RedisBroker(url, options)
}

class RedisBroker implements Broker {
  readonly compare = comparePositions
  readonly parse = parsePosition
  readonly at = positionAt
  readonly timelineOf = timelineOf

  readonly #client: RedisClientOptions
  readonly #calls: Calls
  /** Those that wait for replicas have a connection of their own, because a WAIT holds it up. */
  readonly #appendCalls: Calls
  readonly #appends: Appends
  readonly #relay: Relay
  readonly #prefix: string
  readonly #wait: number
  readonly #horizon: number
  readonly #onError: OnError
  readonly #followings = new Map<Follower, RedisFollowing>()
  #head: Promise<Position> | undefined

  constructor(url: string, options: RedisOptions) {
    const minReplicas = options.minReplicas ?? 0
    this.#client = { url, ...options.client }
    this.#prefix = options.prefix ?? 'millrace:'
    this.#wait = options.wait ?? 5_000
    assertCount('wait', this.#wait)
    assertCount('minReplicas', minReplicas)
    this.#horizon = options.horizon ?? defaultHorizon
    this.#onError = options.onError ?? ((error) => this.#tell(error))
    this.#relay = createRelay(options.relay ?? [], options.relayPrefix ?? '')
    this.#calls = this.#connect()
    this.#appendCalls = minReplicas > 0 ? this.#connect() : this.#calls
    this.#appends = new Appends({
      calls: this.#appendCalls,
      replicas: minReplicas > 0 ? new Replicas(this.#appendCalls.connection, minReplicas) : undefined,
      wait: this.#wait,
      horizon: this.#horizon,
      idWindow: options.idWindow ?? defaultIdWindow,
    })
  }

  append(message: Outgoing): Promise<Position | null> {
    return this.#appends.append(message)
  }

  async read(cursor: Position, channels: readonly string[], limit: PageLimit): Promise<Page> {
    // Shared among the channels, so that a page of many is not many pages.
    const entries = String(Math.max(8, Math.ceil(limit.entries / channels.length)))
    const bytes = String(Math.ceil(limit.bytes / channels.length))
    for (let from = cursor; ; ) {
      const reply = (await this.#ask('read', [from, entries, bytes, ...channels])) as ReadReply | null
      if (reply === null) {
        // There is no log yet, or no more: it begins here.
        await this.head()
        continue
      }
      const view = toView(reply, this.#horizon)
      const { after } = placeOf(view, cursor)
      if (comparePositions(after, from) >= 0)
        return toPage(view, cursor, channels, limit, (channel, _, index) => toSlice(reply, channel, index))
      // The cursor is of a part of the log that was lost: what is told begins earlier, where the branches parted.
      from = after
    }
  }

  head(): Promise<Position> {
    if (this.#head === undefined) {
      this.#head = this.#ask('head', []) as Promise<Position>
      // Whoever asks in the same turn shares the answer; who asks later may want to know what was published since.
      endOfTurn(() => {
        this.#head = undefined
      })
    }
    return this.#head
  }

  attach(follower: Follower): Following {
    const following = new RedisFollowing({
      connection: new Connection(this.#client, this.#onError),
      follower,
      prefix: this.#prefix,
      relay: this.#relay,
      announce: async (topic, text) => void (await this.#ask('check', [topic, text])),
    })
    this.#followings.set(follower, following)
    return following
  }

  async close(): Promise<void> {
    for (const following of this.#followings.values()) await following.close()
    this.#calls.close()
    this.#appendCalls.close()
  }

  /** Every connection may lead to what is a replica now, also those that would be the last to notice. */
  #connect(): Calls {
    return new Calls(new Connection(this.#client, this.#onError), this.#prefix, (why) => {
      for (const { connection } of new Set([this.#calls, this.#appendCalls])) connection.retire(connection.client, why)
      for (const following of this.#followings.values()) following.reconnect(why)
    })
  }

  #ask(...[name, args]: Parameters<Procedures['call']>): Promise<unknown> {
    return this.#calls.call(name, args, { wait: this.#wait, isRepeatable: true })
  }

  #tell(error: unknown): void {
    if (this.#followings.size === 0) warn(error)
    for (const follower of this.#followings.keys()) follower.onError(error)
  }
}

function assertCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return
  throw new MillraceError('option_invalid', `The option ${name} is ${quote(value)}. Give a whole number, 0 or more.`)
}
