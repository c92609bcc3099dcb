import { MillraceError, quote } from '../base/errors.ts'
import type { Outgoing } from '../broker/port.ts'
import type { Retention } from '../broker/retention.ts'
import type { AnyChannel, Catalog } from '../channels/catalog.ts'
import { type Event, isEvent } from '../events/define.ts'
import { currentRun } from '../events/run.ts'
import { isReservedEventName } from '../sse/control.ts'
import { assertField, type FieldName } from '../sse/encode.ts'
import type { Limits } from './limits.ts'

export interface PublishOptions {
  /** The event's name, for data that is not an event of a definition. Left out, it reaches `onmessage`. */
  readonly event?: string | undefined
  /** What the message is about. While a reader catches up, a channel that conflates needs only the latest of each key. */
  readonly key?: string | undefined
  /**
   * The publisher's own id: publishing it again, within the broker's window, is the same message.
   * @default within a queued listener's run, or a dispatch from an outbox: one that is the same when that is repeated
   */
  readonly id?: string | undefined
  /**
   * How long to wait for a broker that is away, in ms; 0: fail at once. It has no meaning for one that is in this process.
   * @default the broker's own: 5 s for Redis
   */
  readonly wait?: number | undefined
}

/** A message on its way in, not checked yet. */
export interface Publication extends PublishOptions {
  readonly channel: string | readonly string[]
  /** An event, or any JSON value. */
  readonly message: unknown
}

export interface MessageContext {
  readonly catalog: Catalog
  readonly limits: Limits
  readonly retentionOf: (channel: AnyChannel) => Retention
}

/**
 * Checks a message at the boundary and makes it what the broker takes.
 *
 * An event's data is sent as JSON, always, so that whoever knows its definition can read it. Other data is sent as JSON too,
 * except a string, which is sent as it is.
 *
 * @throws {MillraceError} `channel_invalid`, `channel_unknown`, `channels_missing`, `channels_too_many`, `event_invalid`,
 * `event_undeclared`, `data_invalid`, `field_invalid`, `message_invalid`, `option_invalid`
 */
export function toOutgoing(context: MessageContext, publication: Publication): Outgoing {
  const { catalog, limits, retentionOf } = context
  const { message, key, id, wait } = publication
  const channels = toNames(publication.channel, limits.channels)
  const declared = channels.map((name) => catalog.find(name))
  assertOption('event', publication.event, limits.name)
  assertOption('key', key, limits.name)
  assertOption('id', id, limits.name)
  assertWait(wait)
  if (publication.event !== undefined && isReservedEventName(publication.event)) {
    throw new MillraceError('event_invalid', `The event name ${quote(publication.event)} is reserved. Give it another.`)
  }
  const event = isEvent(message) ? message : toDeclaredEvent(declared, publication.event, message)
  if (event !== undefined) assertCarried(declared, event)
  const data = event === undefined ? toText(message) : toJson(event.data ?? null)
  const name = event?.name ?? publication.event
  return {
    channels,
    retention: declared.map(retentionOf),
    data,
    event: name,
    key,
    // What is published by a job that is run again is the same message.
    id: id ?? currentRun()?.idOf(JSON.stringify(['message', channels, name, key, data])),
    wait,
  }
}

/** One name or several, each once. */
export function toNames(names: unknown, limit: number): readonly string[] {
  if (typeof names === 'string' && limit > 0) return [names]
  const list: readonly unknown[] = Array.isArray(names) ? [...new Set(names)] : names === undefined ? [] : [names]
  if (list.length === 0) throw new MillraceError('channels_missing', 'No channel is named. Name at least one.')
  if (list.length > limit) {
    throw new MillraceError('channels_too_many', `${list.length} channels are named; at most ${limit} are allowed.`, {
      data: { limit },
    })
  }
  // What is not a string is refused by the catalog, which looks each of them up.
  return list as readonly string[]
}

function assertOption(field: FieldName, value: unknown, limit: number): void {
  if (value === undefined) return
  if (typeof value !== 'string' || value === '' || value.length > limit) {
    throw new MillraceError(
      'field_invalid',
      `The ${field} is ${quote(value)}. Give a string of 1 to ${limit} characters.`,
      {
        data: { field, limit },
      },
    )
  }
  assertField(field, value)
}

function assertWait(wait: unknown): void {
  if (wait === undefined || (Number.isSafeInteger(wait) && Number(wait) >= 0)) return
  throw new MillraceError('option_invalid', `The option wait is ${quote(wait)}. Give whole milliseconds, 0 or more.`)
}

/** Plain data under a declared name is that event, made by its definition and so checked by its schema. */
function toDeclaredEvent(channels: readonly AnyChannel[], name: string | undefined, data: unknown): Event | undefined {
  const closed = channels.find(({ events }) => events !== undefined)
  if (closed === undefined) return undefined
  const definition = closed.events?.find((event) => event.name === name)
  if (definition === undefined) throw undeclared(closed, name)
  return definition(data as never)
}

function assertCarried(channels: readonly AnyChannel[], event: Event): void {
  for (const channel of channels) {
    if (channel.events !== undefined && !channel.events.some(({ name }) => name === event.name))
      throw undeclared(channel, event.name)
  }
}

function undeclared({ pattern, events = [] }: AnyChannel, name: string | undefined): MillraceError {
  const what = name === undefined ? 'plain data' : `the event ${quote(name)}`
  const list = events.map((event) => event.name).join(', ')
  return new MillraceError(
    'event_undeclared',
    `The channel ${quote(pattern.text)} does not carry ${what}. It declares: ${list}.`,
  )
}

function toText(data: unknown): string {
  if (typeof data !== 'string') return toJson(data)
  if (data.isWellFormed()) return data
  throw new MillraceError(
    'message_invalid',
    'The data holds half of a surrogate pair, which UTF-8 cannot say. Send well-formed text.',
  )
}

function toJson(data: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(data)
  } catch (cause) {
    throw new MillraceError('message_invalid', `The data cannot be written as JSON: ${String(cause)}`, { cause })
  }
  if (text === undefined)
    throw new MillraceError(
      'message_invalid',
      `The data is ${quote(data)}, which JSON cannot say. Give null, or leave the message out.`,
    )
  return text
}
