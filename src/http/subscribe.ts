import { type OnError, warn } from '../base/errors.ts'
import type { Hub } from '../hub/api.ts'
import type { HttpReply, HttpRequest, StreamReply } from './exchange.ts'
import { methodNotAllowed, problemReply } from './problem.ts'
import { parseSince } from './since.ts'

export interface SubscribeHandlerOptions {
  /** Hears of faults that are answered with 500. @default a warning on the console */
  readonly onError?: OnError
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

/**
 * `GET /sse?channel=a&channel=b`, from the cursor in `Last-Event-ID`, else `?last_event_id=`, else `?since=`.
 *
 * The header comes first because a browser that connects again sends it with the URL it began with.
 */
export async function subscribeReply(
  hub: Hub,
  request: HttpRequest,
  { onError = warn }: SubscribeHandlerOptions = {},
): Promise<HttpReply | StreamReply> {
  try {
    if (request.method === 'HEAD') return { status: 200, headers: streamHeaders, body: '' }
    if (request.method !== 'GET') {
      return problemReply(methodNotAllowed(request.method, 'GET, HEAD'), onError, { allow: 'GET, HEAD' })
    }
    const query = queryOf(request.url)
    const cursor = nonEmpty(request.header('last-event-id')) ?? nonEmpty(query.get('last_event_id'))
    const since = nonEmpty(query.get('since'))
    const admission = hub.admit({
      channels: query.getAll('channel').flatMap((names) => names.split(',')),
      cursor,
      since: cursor === undefined && since !== undefined ? parseSince(since, Date.now()) : undefined,
    })
    await admission.ready
    return { status: 200, headers: streamHeaders, admission }
  } catch (error) {
    return problemReply(error, onError)
  }
}

/** By hand, because a path such as `//` is legal in a request and not a URL that can be parsed. */
function queryOf(url: string): URLSearchParams {
  const [beforeFragment = ''] = url.split('#', 1)
  const start = beforeFragment.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : beforeFragment.slice(start))
}

function nonEmpty(text: string | null | undefined): string | undefined {
  return text === null || text === '' ? undefined : text
}
