import { ErrorReply, type RedisClientOptions } from 'redis'
import { MillraceError, type OnError, warn } from '../../base/errors.ts'
import { endOfTurn } from '../../base/turn.ts'
import { toPage } from '../page.ts'
import type { Broker, Follower, Following, Outgoing, Page, PageLimit, Position } from '../port.ts'
import { comparePositions, parsePosition, positionAt } from '../position.ts'
import { defaultHorizon, defaultIdWindow } from '../windows.ts'
import { Connection } from './connection.ts'
import { RedisFollowing } from './following.ts'
import { Procedures } from './procedures.ts'
import { type ReadReply, toSlice, toView } from './read-reply.ts'
import { createRelay, type Relay } from './relay.ts'

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
  /** How long a publish waits for Redis when it is away, in ms. 0: it fails at once. @default 5_000 */
  readonly wait?: number
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
  /** One for all: positions do not name their timeline yet. */
  readonly timelineOf = () => 0

  readonly #client: RedisClientOptions
  readonly #connection: Connection
  readonly #procedures: Procedures
  readonly #relay: Relay
  readonly #prefix: string
  readonly #wait: number
  readonly #idWindow: number
  readonly #horizon: number
  readonly #onError: OnError
  readonly #followings = new Map<Follower, Following>()
  #head: Promise<Position> | undefined
  #isClosed = false

  constructor(url: string, options: RedisOptions) {
    this.#client = { url, ...options.client }
    this.#prefix = options.prefix ?? 'millrace:'
    this.#wait = options.wait ?? 5_000
    this.#idWindow = options.idWindow ?? defaultIdWindow
    this.#horizon = options.horizon ?? defaultHorizon
    this.#onError = options.onError ?? ((error) => this.#tell(error))
    this.#relay = createRelay(options.relay ?? [], options.relayPrefix ?? '')
    this.#connection = new Connection(this.#client, this.#onError)
    this.#procedures = new Procedures(this.#connection, this.#prefix)
  }

  async append({ data, ...message }: Outgoing): Promise<Position | null> {
    const options = JSON.stringify({ ...message, idWindow: this.#idWindow, horizon: this.#horizon })
    return (await this.#call('append', [options, data])) as Position | null
  }

  async read(cursor: Position, channels: readonly string[], limit: PageLimit): Promise<Page> {
    // Shared among the channels, so that a page of many is not many pages.
    const entries = Math.max(8, Math.ceil(limit.entries / channels.length))
    const bytes = Math.ceil(limit.bytes / channels.length)
    const args = [cursor, String(entries), String(bytes), ...channels]
    let reply = await this.#call('read', args)
    if (reply === null) {
      // There is no log yet, or no more: it begins here.
      await this.head()
      reply = await this.#call('read', args)
    }
    const found = reply as ReadReply
    return toPage(toView(found, this.#horizon), cursor, channels, limit, (channel, _, index) =>
      toSlice(found, channel, index),
    )
  }

  head(): Promise<Position> {
    if (this.#head === undefined) {
      this.#head = this.#call('head', []) as Promise<Position>
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
    })
    this.#followings.set(follower, following)
    return following
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const following of this.#followings.values()) await following.close()
    this.#connection.close()
  }

  #tell(error: unknown): void {
    if (this.#followings.size === 0) warn(error)
    for (const follower of this.#followings.keys()) follower.onError(error)
  }

  async #call(...[name, args]: Parameters<Procedures['call']>): Promise<unknown> {
    if (this.#isClosed) throw new MillraceError('broker_closed', 'The broker is closed.')
    await this.#connection.ready(this.#wait)
    try {
      return await this.#procedures.call(name, args)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new MillraceError(
        'broker_unavailable',
        `${cause instanceof ErrorReply ? 'Redis refused' : 'Redis did not answer'}: ${why}. Try again; with an id, a message stays one.`,
        { cause },
      )
    }
  }
}
