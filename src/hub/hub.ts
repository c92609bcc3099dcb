import { type Clock, systemClock } from '../base/clock.ts'
import { MillraceError, type OnError, quote, warn } from '../base/errors.ts'
import { memory } from '../broker/memory/memory.ts'
import type { Broker, ChannelGap, Following, Outgoing, Position } from '../broker/port.ts'
import { type History, isEphemeral, type Retention, toRetention } from '../broker/retention.ts'
import { type AnyChannel, type Catalog, createCatalog } from '../channels/catalog.ts'
import type { MessageOf } from '../channels/define.ts'
import { type Admission, admit, type SubscribeOptions } from './admission.ts'
import { type CatchUpContext, catchUp } from './catch-up.ts'
import { drain } from './drain.ts'
import { FanOut } from './fan-out.ts'
import { Feeds } from './feeds.ts'
import { beat } from './heartbeat.ts'
import { type Limits, toLimits } from './limits.ts'
import { LogReader } from './log-reader.ts'
import { type Publication, type PublishOptions, toNames, toOutgoing } from './message.ts'
import { Subscriber } from './subscriber.ts'
import { Tail } from './tail.ts'

export interface HubOptions {
  /** What may be subscribed to and published on, and nothing else. */
  readonly channels: readonly AnyChannel[]
  /** Where messages are kept and passed between nodes. The hub closes it when it closes. @default memory() */
  readonly broker?: Broker
  /** What a channel keeps that does not say so itself. @default 10,000 messages, a day, 64 MiB */
  readonly history?: History
  /** Milliseconds between heartbeats. @default 15_000 */
  readonly heartbeat?: number
  /** The least that a reader waits before it connects again, in ms; each is told up to twice this. @default 2_000 */
  readonly retry?: number
  readonly limits?: Partial<Limits>
  /** Hears of failures that no caller waits for, such as a lost broker. @default a warning on the console */
  readonly onError?: OnError
  readonly clock?: Clock
}

export interface CloseOptions {
  /** Milliseconds over which the streams are ended, so that their readers do not come back all at once. @default 0 */
  readonly drain?: number
}

/** Who is connected in this process, to which channels, and the fan-out to them. One per process. */
export interface Hub {
  readonly limits: Limits
  /** Connections, in whatever state. */
  readonly subscribers: number
  /** Channels that somebody here listens to. */
  readonly channels: number
  /**
   * Publishes an event, or plain data where the channel declares no events, on one channel or several.
   *
   * Resolves with the message's position once the broker has acknowledged it; null where no channel keeps it.
   *
   * @throws {MillraceError} the codes of `toOutgoing`; `broker_unavailable`; `hub_closed`
   */
  publish<const Channel extends string>(
    channel: Channel | readonly Channel[],
    message: MessageOf<Channel>,
    options?: PublishOptions,
  ): Promise<Position | null>
  /**
   * Publishes several messages in order. All are checked before the first is published; where one is refused, `data.index` of the
   * error says which, and none is published.
   *
   * @throws {MillraceError} as `publish`
   */
  publishAll(publications: readonly Publication[]): Promise<(Position | null)[]>
  /**
   * Admits a subscriber, who is then given a sink. `sse(hub)` of `millrace/node`, `/web` and so on do this for you.
   *
   * @throws {MillraceError} `channel_invalid`, `channel_unknown`, `channels_missing`, `channels_too_many`, `hub_full`, `hub_closed`
   */
  admit(options: SubscribeOptions): Admission
  /** Takes no more subscribers or messages, ends the streams, and closes the broker. */
  close(options?: CloseOptions): Promise<void>
}

/** @throws {MillraceError} `channel_conflict`, `option_invalid` */
export function createHub(options: HubOptions): Hub {
  return new MillraceHub(options)
}

class MillraceHub implements Hub {
  readonly limits: Limits
  readonly #broker: Broker
  readonly #catalog: Catalog
  readonly #retention: Retention
  readonly #retry: number
  readonly #clock: Clock
  readonly #onError: OnError
  readonly #subscribers = new Set<Subscriber>()
  readonly #fanOut = new FanOut()
  readonly #tail: Tail
  readonly #following: Following
  readonly #feeds: Feeds
  readonly #catchUp: CatchUpContext
  readonly #endBeat: () => void
  #closing: Promise<void> | undefined

  constructor({
    channels,
    broker = memory(),
    history,
    heartbeat = 15_000,
    retry = 2_000,
    limits,
    onError = warn,
    clock = systemClock,
  }: HubOptions) {
    assertMs('heartbeat', heartbeat, 1)
    assertMs('retry', retry, 0)
    this.limits = toLimits(limits)
    this.#catalog = createCatalog(channels, this.limits.name)
    this.#retention = toRetention(history)
    this.#broker = broker
    this.#retry = retry
    this.#clock = clock
    this.#onError = onError
    const log = new LogReader(broker)
    this.#tail = new Tail({
      broker,
      clock,
      log,
      onError,
      fanOut: this.#fanOut,
      feeds: () => this.#feeds,
      onGaps: (gaps) => this.#tellGaps(gaps),
    })
    this.#following = broker.attach(this.#tail)
    this.#feeds = new Feeds(this.#following, broker.compare)
    this.#catchUp = { broker, clock, log, tail: this.#tail, onError }
    this.#endBeat = clock.every(heartbeat, () =>
      beat(this.#subscribers, this.#tail.isLive ? this.#tail.head : undefined, broker.compare),
    )
  }

  get subscribers(): number {
    return this.#subscribers.size
  }

  get channels(): number {
    return this.#feeds.size
  }

  async publish(
    channel: string | readonly string[],
    message: unknown,
    options: PublishOptions = {},
  ): Promise<Position | null> {
    this.#assertOpen()
    return this.#broker.append(this.#check({ channel, message, ...options }))
  }

  async publishAll(publications: readonly Publication[]): Promise<(Position | null)[]> {
    this.#assertOpen()
    const outgoing = publications.map((publication, index) => {
      try {
        return this.#check(publication)
      } catch (error) {
        throw error instanceof MillraceError ? error.at(index) : error
      }
    })
    // Begun in order and not one after the other: a broker takes them as one pipeline.
    return Promise.all(outgoing.map((message) => this.#broker.append(message)))
  }

  admit({ channels, cursor, since }: SubscribeOptions): Admission {
    this.#assertOpen()
    const names = toNames(channels, this.limits.channels)
    const declared = names.map((name) => this.#catalog.find(name))
    if (this.#subscribers.size >= this.limits.subscribers) {
      throw new MillraceError(
        'hub_full',
        `The hub has ${this.#subscribers.size} subscribers, which is its limit. Try again later.`,
        {
          data: { limit: this.limits.subscribers },
        },
      )
    }
    const kept = declared.map(({ history }) => !isEphemeral(toRetention(history, this.#retention)))
    const feeds = names.map((name, index) => this.#feeds.acquire(name, kept[index] ?? true))
    const known = cursor === undefined ? undefined : this.#broker.parse(cursor)
    // A channel that keeps nothing cannot be read from a time.
    const isTimed = cursor === undefined && since !== undefined && kept.includes(true)
    const subscriber = new Subscriber(
      {
        compare: this.#broker.compare,
        fanOut: this.#fanOut,
        outbox: this.limits.outbox,
        head: () => this.#tail.head,
        onBehind: (behind) => void catchUp(this.#catchUp, behind).catch(this.#onError),
        onClosed: (closed) => this.#forget(closed),
      },
      feeds,
      { cursor: known, since: isTimed ? this.#broker.at(since) : undefined },
    )
    this.#subscribers.add(subscriber)
    // Up to twice the least, so that the readers of a hub that went away do not all come back in one moment.
    const retry = Math.round(this.#retry * (1 + Math.random()))
    return admit(this.#catchUp, subscriber, { retry, isLost: cursor !== undefined && known === undefined })
  }

  close({ drain: ms = 0 }: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(ms)
    return this.#closing
  }

  async #close(ms: number): Promise<void> {
    await drain([...this.#subscribers], { clock: this.#clock, over: ms, retry: this.#retry })
    for (const subscriber of this.#subscribers) subscriber.close()
    this.#endBeat()
    this.#tail.close()
    await this.#following.close()
    await this.#broker.close()
  }

  #check({ channel, message, ...options }: Publication): Outgoing {
    const context = { catalog: this.#catalog, limits: this.limits, retention: this.#retention }
    return toOutgoing(context, channel, message, options)
  }

  #assertOpen(): void {
    if (this.#closing !== undefined)
      throw new MillraceError('hub_closed', 'The hub is closing. Try again later, or at another hub.')
  }

  #forget(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber)
    for (const feed of subscriber.feeds) this.#feeds.release(feed)
  }

  #tellGaps(gaps: readonly ChannelGap[]): void {
    const told = new Set<Subscriber>()
    for (const { channel } of gaps) for (const subscriber of this.#feeds.get(channel)?.live ?? []) told.add(subscriber)
    for (const subscriber of told) subscriber.writeGaps(gaps)
  }
}

function assertMs(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new MillraceError(
      'option_invalid',
      `The option ${name} is ${quote(value)}. Give whole milliseconds, ${least} or more.`,
    )
  }
}
