import { MillraceError, type OnError, quote, warn } from '../base/errors.ts'
import type { Hub } from '../hub/api.ts'
import type { Publication, PublishOptions } from '../hub/message.ts'
import { bodyTooLarge } from './body.ts'
import type { HttpReply, HttpRequest } from './exchange.ts'
import { methodNotAllowed, problemReply } from './problem.ts'

export interface PublishHandlerOptions {
  /** Hears of faults that are answered with 500. @default a warning on the console */
  readonly onError?: OnError
}

const fields = ['channel', 'channels', 'data', 'event', 'key', 'id'] as const
type Field = (typeof fields)[number]
type Fields = Readonly<Partial<Record<Field, unknown>>>

/**
 * `POST /publish`: `{"channel" | "channels", "data", "event"?, "key"?, "id"?}`, an array of these, or one per line (NDJSON).
 *
 * One answers `{"id"}`, several `{"ids"}`, in order. All are checked before the first is published: where one is refused, the
 * problem's `index` says which, and none is published.
 */
export async function publishReply(
  hub: Hub,
  request: HttpRequest,
  { onError = warn }: PublishHandlerOptions = {},
): Promise<HttpReply> {
  try {
    if (request.method !== 'POST')
      return problemReply(methodNotAllowed(request.method, 'POST'), onError, { allow: 'POST' })
    const isLines = typeOf(request.header('content-type')) === 'lines'
    // Where the length is told, nobody need send it all to hear that it is too much.
    if (Number(request.header('content-length')) > hub.limits.body) throw bodyTooLarge(hub.limits.body)
    const body = await request.body(hub.limits.body)
    if (typeof body === 'string' && body.trim() === '') throw emptyBody()
    const value = typeof body !== 'string' ? body : isLines ? parseLines(body) : parseJson(body, 'The body')
    if (Array.isArray(value)) return json({ ids: await hub.publishAll(value.map(toListedPublication)) })
    const { channel, message, ...publishOptions } = toPublication(value)
    return json({ id: await hub.publish(channel, message, publishOptions) })
  } catch (error) {
    return problemReply(error, onError)
  }
}

function toPublication(value: unknown): Publication {
  const { channel, channels, data, ...options } = toFields(value)
  if (channel !== undefined && channels !== undefined) {
    throw new MillraceError('message_invalid', 'Both "channel" and "channels" are given. Give one of them.')
  }
  if (channel !== undefined && typeof channel !== 'string') {
    throw new MillraceError(
      'message_invalid',
      `"channel" is ${quote(JSON.stringify(channel))}. Give a string, or a list as "channels".`,
    )
  }
  if (channels !== undefined && !Array.isArray(channels)) {
    throw new MillraceError(
      'message_invalid',
      `"channels" is ${quote(JSON.stringify(channels))}. Give a list of strings.`,
    )
  }
  if (data === undefined) throw new MillraceError('message_invalid', '"data" is missing. Give any JSON value.')
  // What else is wrong with them the hub finds out, as it does for everyone.
  return { channel: (channels ?? channel) as string, message: data, ...(options as PublishOptions) }
}

function toListedPublication(value: unknown, index: number): Publication {
  try {
    return toPublication(value)
  } catch (error) {
    throw error instanceof MillraceError ? error.at(index) : error
  }
}

function toFields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MillraceError(
      'message_invalid',
      `A message is a JSON object with "channel" and "data", not ${quote(JSON.stringify(value))}.`,
    )
  }
  const unknown = Object.keys(value).find((name) => !fields.includes(name as Field))
  if (unknown !== undefined) {
    throw new MillraceError(
      'message_invalid',
      `A message has no field ${quote(unknown)}. It has: ${fields.join(', ')}.`,
    )
  }
  return value
}

/**
 * Only types that a page of another origin cannot send without asking first (Fetch standard, CORS-safelisted request-header), so
 * that no page can publish on a hub that its visitor can reach.
 */
function typeOf(contentType: string | undefined): 'one' | 'lines' {
  const essence = contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (essence === 'application/json' || essence.endsWith('+json')) return 'one'
  if (essence === 'application/x-ndjson' || essence === 'application/ndjson' || essence === 'application/jsonl')
    return 'lines'
  throw new MillraceError(
    'content_type_unsupported',
    `The content type is ${quote(essence)}. Send application/json, or application/x-ndjson for one message per line.`,
  )
}

function parseLines(text: string): unknown[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => parseJson(line, `Line ${number}`))
}

function parseJson(text: string, subject: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new MillraceError(
      'body_invalid',
      `${subject} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}

function emptyBody(): MillraceError {
  return new MillraceError('body_invalid', 'The body is empty. Send a JSON object with "channel" and "data".')
}

function json(value: unknown): HttpReply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(value),
  }
}
