import { MillraceError, quote } from '../base/errors.ts'
import type { History } from '../broker/retention.ts'
import type { AnyEventDefinition, EventOf } from '../events/define.ts'
import type { Authorize } from './authorize.ts'
import { assertChannelName } from './name.ts'
import { compilePattern, type Pattern, type PatternParams } from './pattern.ts'
import type { SlowPolicy } from './slow.ts'

declare const carries: unique symbol

/**
 * The name of a channel, and at compile time the messages it carries.
 *
 * The phantom is a function so that a list of names carries only what every one of them does.
 */
export type ChannelName<Message = unknown> = string & { readonly [carries]: (message: Message) => void }

/** What may be published on `Channel`: the events it declares, or anything where it declares none. */
export type MessageOf<Channel> = [Channel] extends [{ readonly [carries]: (message: infer Message) => void }]
  ? Message
  : unknown

type EventsIn<Definitions extends readonly AnyEventDefinition[]> = EventOf<Definitions[number]>

export interface ChannelOptions<Definitions extends readonly AnyEventDefinition[], Text extends string = string> {
  /** The events it carries, and then nothing else. Left out: any event, and plain data. */
  readonly events?: Definitions
  /** What it keeps: a count of messages or `{ count, age, bytes }`; 0 keeps none. @default the hub's `history` */
  readonly history?: History
  /**
   * What becomes of a reader for whom more than its outbox waits: `'catch-up'` from the log, `'conflate'` what it catches up on to the
   * latest message of each key, or `'disconnect'` it. @default the hub's `slow`
   */
  readonly slow?: SlowPolicy
  /**
   * Says who may subscribe, and makes the channel private. It is asked each time that a stream is opened, and not while it lasts; who
   * may publish is not its business. Left out, the channel is public.
   */
  readonly authorize?: Authorize<Text>
}

/** A declared channel, or a family of them: call it with its parameters for the name of one. */
export interface Channel<Text extends string = string, Message = unknown> {
  (...params: [ParamsOf<Text>] extends [never] ? [] : [params: PatternParams<Text>]): ChannelName<Message>
  readonly pattern: Pattern
  readonly events: readonly AnyEventDefinition[] | undefined
  readonly history: History | undefined
  readonly slow: SlowPolicy | undefined
  /** Undefined for a public channel. */
  readonly authorize: Authorize | undefined
}

type ParamsOf<Text extends string> = keyof PatternParams<Text>

/**
 * Declares a channel, such as `news`, or a family such as `rooms.{room}` or `news-*`.
 *
 * Only declared channels can be subscribed to and published on. A parameter is one part of a name: it holds no
 * white space, control character, or any of `. , / : { } *`.
 *
 * @throws {MillraceError} `pattern_invalid`, `option_invalid`; the call itself throws `channel_invalid`.
 */
export function defineChannel<
  const Text extends string,
  const Definitions extends readonly AnyEventDefinition[] = never,
>(
  pattern: Text,
  options: ChannelOptions<Definitions, Text> = {},
): Channel<Text, [Definitions] extends [never] ? unknown : EventsIn<Definitions>> {
  const compiled = compilePattern(pattern)
  // One that is there and undefined, as by a circular import, would open what was meant to be private.
  if ('authorize' in options && typeof options.authorize !== 'function') {
    throw new MillraceError(
      'option_invalid',
      `The authorize of ${quote(pattern)} is ${quote(options.authorize)}. Give a function, or leave it out for a public channel.`,
    )
  }
  const name = (params: Readonly<Record<string, unknown>> = {}) => {
    const built = compiled.build(params)
    assertChannelName(built)
    return built
  }
  return Object.assign(name, {
    pattern: compiled,
    events: options.events,
    history: options.history,
    slow: options.slow,
    authorize: options.authorize,
  }) as unknown as Channel<Text, [Definitions] extends [never] ? unknown : EventsIn<Definitions>>
}
