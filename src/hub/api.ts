import type { Clock } from '../base/clock.ts'
import type { OnError } from '../base/errors.ts'
import type { Broker, Position } from '../broker/port.ts'
import type { History } from '../broker/retention.ts'
import type { AnyChannel } from '../channels/catalog.ts'
import type { MessageOf } from '../channels/define.ts'
import type { SlowPolicy } from '../channels/slow.ts'
import type { Admission, JoinOptions, SubscribeOptions } from './admission.ts'
import type { Limits } from './limits.ts'
import type { Publication, PublishOptions } from './message.ts'

export interface HubOptions {
  /** What may be subscribed to and published on, and nothing else. */
  readonly channels: readonly AnyChannel[]
  /** Where messages are kept and passed between nodes. The hub closes it when it closes. @default memory() */
  readonly broker?: Broker
  /** What a channel keeps that does not say so itself. @default 10,000 messages, a day, 64 MiB */
  readonly history?: History
  /**
   * What becomes of the slow readers of a channel that does not say so itself: the same for all, or by name.
   * @default 'catch-up'
   */
  readonly slow?: SlowPolicy | ((channel: string) => SlowPolicy)
  /** Milliseconds between heartbeats. @default 25_000 */
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
  /** The channels that it was made with, in the same order: what may be subscribed to and published on. */
  readonly declared: readonly AnyChannel[]
  /**
   * The position of the last message of all. Take it before you load the state that a page shows, and let the page connect with
   * `?last_event_id=` of it: then it misses nothing in between.
   *
   * @throws {MillraceError} `broker_unavailable`
   */
  head(): Promise<Position>
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
   * Publishes several messages in order. All are checked before the first is published; where one is refused, `data.item` of the
   * error says which, and none is published.
   *
   * @throws {MillraceError} as `publish`
   */
  publishAll(publications: readonly Publication[]): Promise<(Position | null)[]>
  /**
   * Admits a subscriber to public channels, who is then given a sink.
   *
   * @throws {MillraceError} `channel_invalid`, `channel_unknown`, `channels_missing`, `channels_too_many`, `hub_full`, `hub_closed`;
   * `channel_forbidden` for a private channel: nobody has been asked
   */
  admit(options: SubscribeOptions): Admission
  /**
   * The same once the `authorize` of each private channel has allowed it. `sse(hub)` of `millrace/node`, `/web` and so on do this for you.
   *
   * Until it resolves the subscriber has no place in the log and follows nothing. Where its reader goes away meanwhile, `cancel` what
   * it resolves with.
   *
   * @throws {MillraceError} the codes of `admit`; `authorize_failed`, `authorize_timeout`
   */
  join(options: JoinOptions): Promise<Admission>
  /**
   * Takes no more subscribers, ends the streams, and closes the broker. Messages are taken until the streams have ended: the
   * requests that publish them are still being answered.
   */
  close(options?: CloseOptions): Promise<void>
}
