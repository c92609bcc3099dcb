import { type ErrorCode, errorCodes, MillraceError } from '../base/errors.ts'
import type { HttpReply, HttpRequest } from '../http/exchange.ts'
import type { ConnectOptions } from './test-client.ts'

/** The request of an `EventSource` for these channels, as an adapter shows it. */
export function toRequest(
  channels: readonly string[],
  { since, query = {}, headers: given, raw }: ConnectOptions,
  lastEventId: string,
): HttpRequest {
  const parameters = new URLSearchParams(query)
  for (const name of channels) parameters.append('channel', name)
  if (since !== undefined) parameters.set('since', String(since))
  const headers = new Headers(given)
  if (lastEventId !== '') headers.set('last-event-id', lastEventId)
  return {
    method: 'GET',
    url: `/sse?${parameters}`,
    host: 'localhost',
    header: (name) => headers.get(name) ?? undefined,
    raw,
    read: () => Promise.resolve(undefined),
  }
}

/** The answer to a request, as the fault that led to it. */
export function toError({ status, body }: HttpReply, cause: unknown): Error {
  const { code, detail, type: _, title: __, status: ___, ...data }: Record<string, unknown> = JSON.parse(body)
  const isKnown = (value: unknown): value is ErrorCode => typeof value === 'string' && value in errorCodes
  const options = cause === undefined ? { data } : { data, cause }
  return isKnown(code)
    ? new MillraceError(code, String(detail), options)
    : new Error(`Answered with ${status}: ${body}`)
}
