import { type OnError, warn } from '../base/errors.ts'
import { gzip } from '../gzip/sink.ts'
import type { Admission } from '../hub/admission.ts'
import type { Hub } from '../hub/api.ts'
import type { Sink } from '../hub/sink.ts'
import { prefersGzip } from './encoding.ts'
import type { HttpReply, HttpRequest, StreamAdmission, StreamReply } from './exchange.ts'
import { methodNotAllowed, problemReply } from './problem.ts'
import { queryOf } from './query.ts'
import { parseSince } from './since.ts'

export interface SubscribeHandlerOptions {
  /** Hears of faults that are answered with 500. @default a warning on the console */
  readonly onError?: OnError
  /**
   * Whether streams are compressed for clients that accept gzip, on platforms that have `node:zlib`. What goes to many readers is
   * compressed once for all of them.
   * @default true
   */
  readonly compress?: boolean
}

/**
 * The headers of a stream.
 *
 * `no-transform` keeps compression middleware and proxies from holding bytes back (RFC 9111, 5.2.2.6), and `X-Accel-Buffering`
 * does so for nginx. No `Connection`: on HTTP/2 it makes the answer malformed (RFC 9113, 8.2.2), and Safari drops it.
 */
const streamHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

/** Those of a stream that may be compressed, and is not or is. A cache is told in both cases what that hung on (RFC 9110, 12.5.5). */
const plainHeaders = { ...streamHeaders, vary: 'Accept-Encoding' }
const gzipHeaders = { ...plainHeaders, 'content-encoding': 'gzip' }

/** How a stream is sent. */
interface Coding {
  readonly headers: Readonly<Record<string, string>>
  readonly encode: (body: Sink) => Sink
}

const asItIs: Coding['encode'] = (body) => body

/**
 * `GET /sse?channel=a&channel=b`, from the cursor in `Last-Event-ID`, else `?last_event_id=`, else `?since=`.
 *
 * The header comes first because a browser that connects again sends it with the URL it began with.
 */
export async function subscribeReply(
  hub: Hub,
  request: HttpRequest,
  { onError = warn, compress = true }: SubscribeHandlerOptions = {},
): Promise<HttpReply | StreamReply> {
  try {
    const { headers, encode } = codingFor(request, compress)
    if (request.method === 'HEAD') return { status: 200, headers, body: '' }
    if (request.method !== 'GET') {
      return problemReply(methodNotAllowed(request.method, 'GET, HEAD'), onError, { allow: 'GET, HEAD' })
    }
    const query = queryOf(request.url)
    const cursor = nonEmpty(request.header('last-event-id')) ?? nonEmpty(query.get('last_event_id'))
    const since = nonEmpty(query.get('since'))
    const admission = await hub.join({
      channels: query.getAll('channel').flatMap((names) => names.split(',')),
      cursor,
      since: cursor === undefined && since !== undefined ? parseSince(since, Date.now()) : undefined,
      request: { url: request.url, query, header: (name) => request.header(name.toLowerCase()), raw: request.raw },
    })
    await admission.ready
    return { status: 200, headers, admission: encoded(admission, encode) }
  } catch (error) {
    return problemReply(error, onError)
  }
}

function codingFor(request: HttpRequest, compress: boolean): Coding {
  if (!compress || gzip === undefined) return { headers: streamHeaders, encode: asItIs }
  return prefersGzip(request.header('accept-encoding'))
    ? { headers: gzipHeaders, encode: gzip }
    : { headers: plainHeaders, encode: asItIs }
}

function encoded(admission: Admission, encode: Coding['encode']): StreamAdmission {
  return {
    ready: admission.ready,
    open(body) {
      const sink = encode(body)
      admission.open(sink)
      return sink
    },
    cancel: () => admission.cancel(),
  }
}

function nonEmpty(text: string | null | undefined): string | undefined {
  return text === null || text === '' ? undefined : text
}
