import { MillraceError, type OnError, quote, warn } from '../base/errors.ts'
import { withinTrace } from '../base/tracer.ts'
import type { Hub } from '../hub/api.ts'
import type { Publication, PublishOptions } from '../hub/message.ts'
import type { HttpReply, HttpRequest } from './exchange.ts'
import { readWait } from './prefer.ts'
import { methodNotAllowed, problemReply } from './problem.ts'
import { readPublishBody } from './publish-body.ts'
import { readTrace } from './trace-context.ts'

export interface PublishHandlerOptions {
  /** Hears of faults that are answered with 500. @default a warning on the console */
  readonly onError?: OnError
}

const fields = ['channel', 'channels', 'data', 'event', 'key', 'id'] as const
type Fields = Readonly<Partial<Record<(typeof fields)[number], unknown>>>
const known: ReadonlySet<string> = new Set(fields)

/**
 * `POST /publish`: `{"channel" | "channels", "data", "event"?, "key"?, "id"?}`, an array of these, or one per line (NDJSON).
 *
 * One answers `{"id"}`, several `{"ids"}`, in order. All are checked before the first is published: where one is refused, the
 * problem's `item` says which, and none is published. `Prefer: wait=N` (RFC 7240) says how many seconds to wait for a broker that
 * is away, 60 at most; 0 to be told at once. Where somebody traces, what is published continues the trace that the request's
 * headers name (W3C Trace Context).
 */
export function publishReply(
  hub: Hub,
  request: HttpRequest,
  { onError = warn }: PublishHandlerOptions = {},
): Promise<HttpReply> {
  return withinTrace(
    () => readTrace(request),
    () => answer(hub, request, onError),
  )
}

async function answer(hub: Hub, request: HttpRequest, onError: OnError): Promise<HttpReply> {
  try {
    if (request.method !== 'POST')
      return problemReply(methodNotAllowed(request.method, 'POST'), onError, { allow: 'POST' })
    const value = await readPublishBody(request, hub.limits.body)
    const wait = readWait(request.header('prefer'))
    if (Array.isArray(value)) {
      return json({ ids: await hub.publishAll(value.map((item, index) => toListedPublication(item, index, wait))) })
    }
    const { channel, message, ...options } = toPublication(value, wait)
    return json({ id: await hub.publish(channel, message, options) })
  } catch (error) {
    return problemReply(error, onError)
  }
}

function toPublication(value: unknown, wait: number | undefined): Publication {
  const { channel, channels, data, event, key, id } = toFields(value)
  if (channel !== undefined && channels !== undefined) {
    throw new MillraceError('message_invalid', 'Both "channel" and "channels" are given. Give one of them.')
  }
  if (channel !== undefined && typeof channel !== 'string') {
    throw new MillraceError(
      'message_invalid',
      `"channel" is ${quote(channel)}. Give a string, or a list as "channels".`,
    )
  }
  if (channels !== undefined && !Array.isArray(channels)) {
    throw new MillraceError('message_invalid', `"channels" is ${quote(channels)}. Give a list of strings.`)
  }
  if (data === undefined) throw new MillraceError('message_invalid', '"data" is missing. Give any JSON value.')
  // What else is wrong with them the hub finds out, as it does for everyone.
  const options = { event, key, id } as PublishOptions
  return {
    channel: (channels ?? channel) as string,
    message: data,
    event: options.event,
    key: options.key,
    id: options.id,
    wait,
  }
}

function toListedPublication(value: unknown, index: number, wait: number | undefined): Publication {
  try {
    return toPublication(value, wait)
  } catch (error) {
    throw error instanceof MillraceError ? error.at(index) : error
  }
}

function toFields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MillraceError(
      'message_invalid',
      `A message is a JSON object with "channel" and "data", not ${quote(value)}.`,
    )
  }
  for (const name in value) {
    if (known.has(name)) continue
    throw new MillraceError('message_invalid', `A message has no field ${quote(name)}. It has: ${fields.join(', ')}.`)
  }
  return value
}

function json(value: unknown): HttpReply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(value),
  }
}
