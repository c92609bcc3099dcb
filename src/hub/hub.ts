import { type Clock, systemClock } from '../base/clock.ts'
import { MillraceError, quote, warn } from '../base/errors.ts'
import { publishProbe } from '../base/probe.ts'
import { currentTrace } from '../base/tracer.ts'
import { memory } from '../broker/memory/memory.ts'
import type { Broker, ChannelGap, Following, Outgoing, Position } from '../broker/port.ts'
import { isEphemeral, toRetention } from '../broker/retention.ts'
import { type AnyChannel, type Catalog, createCatalog } from '../channels/catalog.ts'
import { assertSlowPolicy, type SlowPolicy } from '../channels/slow.ts'
import { type Admission, admit, type JoinOptions, type SubscribeOptions } from './admission.ts'
import type { CloseOptions, Hub, HubOptions } from './api.ts'
import { Authorizations, forbidden, privateOf } from './authorizations.ts'
import { type CatchUpContext, catchUp } from './catch-up.ts'
import { drain } from './drain.ts'
import { FanOut } from './fan-out.ts'
import type { FeedPolicy } from './feed.ts'
import { Feeds } from './feeds.ts'
import { beat } from './heartbeat.ts'
import { type Limits, toLimits } from './limits.ts'
import type { LiveReader } from './live-reader.ts'
import { Pace } from './log/pace.ts'
import { LogReader } from './log/reader.ts'
import { type MessageContext, type Publication, type PublishOptions, toNames, toOutgoing } from './message.ts'
import { jitteredRetry } from './retry.ts'
import { Subscriber, type SubscriberContext } from './subscriber.ts'
import { Tail } from './tail.ts'
import { Wheel } from './wheel.ts'

/** @throws {MillraceError} `channel_conflict`, `option_invalid` */
export function createHub(options: HubOptions): Hub {
  return new MillraceHub(options)
}

/** A channel that somebody wants to read. */
interface Wanted {
  readonly name: string
  readonly channel: AnyChannel
}

/** Longer than a file should be, because it is where the parts of a hub meet; it has no logic that one of them could have. */
class MillraceHub implements Hub {
  readonly limits: Limits
  readonly declared: readonly AnyChannel[]
  readonly #broker: Broker
  readonly #catalog: Catalog
  /** What a message is checked against, and kept by. */
  readonly #messages: MessageContext
  /** What becomes of the slow readers of a channel that does not say so itself. */
  readonly #slowOf: (channel: string) => SlowPolicy
  readonly #retry: number
  readonly #clock: Clock
  readonly #authorizations: Authorizations
  readonly #subscribers: Wheel<Subscriber>
  readonly #fanOut: FanOut
  readonly #tail: Tail
  readonly #following: Following
  readonly #feeds: Feeds
  readonly #catchUp: CatchUpContext
  /** One for all subscribers, who are many. */
  readonly #context: SubscriberContext
  readonly #endBeat: () => void
  #isClosed = false
  #closing: Promise<void> | undefined

  constructor({
    channels,
    broker = memory(),
    history,
    slow = 'catch-up',
    heartbeat = 25_000,
    retry = 2_000,
    limits,
    onError = warn,
    clock = systemClock,
  }: HubOptions) {
    assertMs('heartbeat', heartbeat, 1)
    assertMs('retry', retry, 0)
    this.limits = toLimits(limits)
    this.#fanOut = new FanOut(this.limits.slice)
    this.#authorizations = new Authorizations({ clock, limit: this.limits.authorize, onError })
    this.declared = [...channels]
    this.#catalog = createCatalog(channels, this.limits.name)
    const retention = toRetention(history)
    const retentions = new Map(channels.map((channel) => [channel, toRetention(channel.history, retention)]))
    this.#messages = {
      catalog: this.#catalog,
      limits: this.limits,
      retentionOf: (channel) => retentions.get(channel) ?? retention,
    }
    for (const channel of channels) if (channel.slow !== undefined) assertSlowPolicy(channel.slow)
    if (typeof slow === 'string') assertSlowPolicy(slow)
    this.#slowOf = typeof slow === 'string' ? () => slow : slow
    this.#broker = broker
    this.#retry = retry
    this.#clock = clock
    const pace = new Pace()
    const log = new LogReader({ broker, clock, onError, pace, tail: () => this.#tail })
    this.#tail = new Tail({
      broker,
      clock,
      log,
      onError,
      fanOut: this.#fanOut,
      feeds: () => this.#feeds,
      onGaps: (gaps) => this.#tellGaps(gaps),
      onLost: () => {
        for (const subscriber of this.#subscribers) subscriber.reconsider()
      },
    })
    this.#following = broker.attach(this.#tail)
    this.#feeds = new Feeds(this.#following, broker)
    this.#catchUp = {
      compare: broker.compare,
      timelineOf: broker.timelineOf,
      clock,
      log,
      onError,
      pace,
      tail: this.#tail,
    }
    this.#context = {
      compare: broker.compare,
      timelineOf: broker.timelineOf,
      fanOut: this.#fanOut,
      outbox: this.limits.outbox,
      head: () => this.#tail.head,
      // Not at once: it has fallen behind in the midst of a fan-out, and must not be live again before that has ended.
      onBehind: (subscriber) =>
        void Promise.resolve()
          .then(() => catchUp(this.#catchUp, subscriber))
          .catch(onError),
      onClosed: (subscriber) => this.#forget(subscriber),
    }
    this.#subscribers = new Wheel(heartbeat)
    this.#endBeat = clock.every(this.#subscribers.step, () =>
      beat(this.#subscribers.turn(), {
        compare: broker.compare,
        head: this.#tail.isLive ? this.#tail.head : undefined,
        now: clock.now(),
        stall: this.limits.stall,
      }),
    )
  }

  get subscribers(): number {
    return this.#subscribers.size
  }

  get channels(): number {
    return this.#feeds.size
  }

  head(): Promise<Position> {
    return this.#broker.head()
  }

  async publish(
    channel: string | readonly string[],
    message: unknown,
    options: PublishOptions = {},
  ): Promise<Position | null> {
    this.#assert(!this.#isClosed)
    return this.#append(toOutgoing(this.#messages, { channel, message, ...options }))
  }

  async publishAll(publications: readonly Publication[]): Promise<(Position | null)[]> {
    this.#assert(!this.#isClosed)
    const limit = this.limits.messages
    if (publications.length > limit) {
      throw new MillraceError(
        'messages_too_many',
        `${publications.length} messages are published together; at most ${limit} are allowed.`,
        { data: { limit } },
      )
    }
    const outgoing = publications.map((publication, index) => {
      try {
        return toOutgoing(this.#messages, publication)
      } catch (error) {
        throw error instanceof MillraceError ? error.at(index) : error
      }
    })
    // Begun in order and not one after the other: a broker takes them as one pipeline.
    return Promise.all(outgoing.map((message) => this.#append(message)))
  }

  admit(options: SubscribeOptions): Admission {
    const wanted = this.#wanted(options.channels)
    const asked = privateOf(wanted)
    if (asked.length > 0) {
      throw forbidden(
        asked.map(({ name }) => name),
        'Nobody was asked whether you may: readers of private channels come in by hub.join.',
      )
    }
    return this.#admit(wanted, options)
  }

  async join({ request, ...options }: JoinOptions): Promise<Admission> {
    const wanted = this.#wanted(options.channels)
    const asked = privateOf(wanted)
    const admit = () => this.#admit(wanted, options)
    return asked.length === 0 ? admit() : this.#authorizations.ask(asked, request, admit)
  }

  /** All that can be refused without asking, so that nobody is asked for those who cannot come in. */
  #wanted(channels: SubscribeOptions['channels']): readonly Wanted[] {
    this.#assert(this.#closing === undefined)
    const wanted = toNames(channels, this.limits.channels).map((name) => ({ name, channel: this.#catalog.find(name) }))
    const limit = this.limits.subscribers
    if (this.#subscribers.size + this.#authorizations.size >= limit) {
      throw new MillraceError('hub_full', `The hub has ${limit} subscribers, which is its limit. Try again later.`, {
        data: { limit },
      })
    }
    return wanted
  }

  #admit(channels: readonly Wanted[], { cursor, since }: SubscribeOptions): Admission {
    // It may have closed since they were looked up.
    this.#assert(this.#closing === undefined)
    const wanted = channels.map(({ name, channel }) => ({ name, policy: this.#policyOf(name, channel) }))
    const feeds = wanted.map(({ name, policy }) => this.#feeds.acquire(name, policy))
    const known = cursor === undefined ? undefined : this.#broker.parse(cursor)
    // A channel that keeps nothing cannot be read from a time.
    const isTimed = cursor === undefined && since !== undefined && wanted.some(({ policy }) => policy.kept)
    const subscriber = new Subscriber(this.#context, feeds, {
      cursor: known,
      since: isTimed ? this.#broker.at(since) : undefined,
    })
    this.#subscribers.add(subscriber)
    return admit(this.#catchUp, subscriber, {
      retry: jitteredRetry(this.#retry),
      isLost: cursor !== undefined && known === undefined,
    })
  }

  close({ drain: ms = 0 }: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(ms)
    this.#authorizations.endAll(hubClosed())
    return this.#closing
  }

  async #close(ms: number): Promise<void> {
    // What was published before it is still to go out.
    this.#fanOut.flush()
    await drain([...this.#subscribers], { clock: this.#clock, over: ms, retry: this.#retry })
    for (const subscriber of this.#subscribers) subscriber.close()
    this.#isClosed = true
    this.#endBeat()
    this.#tail.close()
    await this.#following.close()
    await this.#broker.close()
  }

  #append(message: Outgoing): Promise<Position | null> {
    if (!publishProbe.isWatched) return this.#broker.append(message)
    const { channels, event } = message
    const patterns = [...new Set(channels.map((channel) => this.#catalog.find(channel).pattern.text))]
    // Asked for inside, where what is published now is what runs.
    return publishProbe.run({ channels, patterns, event }, () =>
      this.#broker.append({ ...message, trace: currentTrace() }),
    )
  }

  #policyOf(name: string, channel: AnyChannel): FeedPolicy {
    return {
      kept: !isEphemeral(this.#messages.retentionOf(channel)),
      slow: channel.slow ?? this.#slowOf(name),
      pattern: channel.pattern.text,
    }
  }

  #assert(isOpen: boolean): void {
    if (!isOpen) throw hubClosed()
  }

  #forget(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber)
    for (const feed of subscriber.feeds) this.#feeds.release(feed)
  }

  #tellGaps(gaps: readonly ChannelGap[]): void {
    const told = new Set<LiveReader>()
    for (const { channel } of gaps) for (const subscriber of this.#feeds.get(channel)?.live ?? []) told.add(subscriber)
    for (const subscriber of told) subscriber.writeGaps(gaps)
  }
}

function hubClosed(): MillraceError {
  return new MillraceError('hub_closed', 'The hub is closing. Try again later, or at another hub.')
}

function assertMs(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new MillraceError(
      'option_invalid',
      `The option ${name} is ${quote(value)}. Give whole milliseconds, ${least} or more.`,
    )
  }
}
