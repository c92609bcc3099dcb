import { MillraceError, type OnError, quote } from '../base/errors.ts'
import type { HttpReply, HttpRequest, StreamReply } from '../http/exchange.ts'
import { methodNotAllowed, problemReply } from '../http/problem.ts'
import { publishReply } from '../http/publish.ts'
import { subscribeReply } from '../http/subscribe.ts'
import { mergeVary } from '../http/vary.ts'
import type { Hub } from '../hub/api.ts'
import { createCors } from './cors.ts'
import { assertLoopbackHost } from './loopback.ts'
import { pageReply } from './page.ts'

interface RoutesOptions {
  readonly hub: Hub
  readonly dev: boolean
  readonly cors: readonly string[]
  readonly compress?: boolean
  readonly onError: OnError
  /** Whether each connection is closed behind its answer. @default while it drains */
  readonly isLeaving?: () => boolean
  readonly isDraining: () => boolean
}

/** What is answered, whichever way a request has come. Never rejects. */
export type Routes = (request: HttpRequest) => Promise<HttpReply | StreamReply>

type Route = (request: HttpRequest) => Promise<HttpReply | StreamReply> | HttpReply

/**
 * `/sse`, `/publish`, `/healthz`, and with `dev` the page.
 *
 * @throws {MillraceError} `option_invalid` for an origin
 */
export function createRoutes({
  hub,
  dev,
  cors,
  compress = true,
  onError,
  isDraining,
  isLeaving = isDraining,
}: RoutesOptions): Routes {
  const reading = createCors(cors)
  // Not for `*`: then any page on the web could publish on the developer's machine.
  const publishing = createCors(dev ? cors.filter((origin) => origin !== '*') : [])

  const routes = new Map<string, Route>([
    [
      '/sse',
      async (request) => {
        const reply =
          reading.preflight(request, 'GET, HEAD') ?? (await subscribeReply(hub, request, { compress, onError }))
        return withHeaders(reply, reading.headers(request))
      },
    ],
    [
      '/publish',
      async (request) => {
        const reply = publishing.preflight(request, 'POST') ?? (await publishAnswer(request))
        return withHeaders(reply, publishing.headers(request))
      },
    ],
    ['/healthz', readOnly(() => healthReply(isDraining()), onError)],
  ])

  return async (request) => {
    const reply = await run(request).catch((error: unknown) => problemReply(error, onError))
    // Where it drains, or a browser could come back on this connection, be refused, and give up: an EventSource tries again only where
    // nobody answers.
    return isLeaving() || isForStream(request) ? withHeaders(reply, { connection: 'close' }) : reply
  }

  async function run(request: HttpRequest): Promise<HttpReply | StreamReply> {
    if (dev) assertLoopbackHost(request.host)
    const path = pathOf(request.url)
    const route = routes.get(path) ?? (dev ? await pageRoute(path, onError) : undefined)
    if (route === undefined) throw notFound(path, [...(dev ? ['/'] : []), ...routes.keys()])
    return route(request)
  }

  async function publishAnswer(request: HttpRequest): Promise<HttpReply> {
    return dev || request.method !== 'POST'
      ? publishReply(hub, request, { onError })
      : problemReply(publishForbidden(), onError)
  }
}

async function pageRoute(path: string, onError: OnError): Promise<Route | undefined> {
  const reply = await pageReply(path)
  return reply === undefined ? undefined : readOnly(() => reply, onError)
}

/**
 * Whether the connection ends with the answer: a stream that has ended is to be opened anew, perhaps at another server, and who was
 * refused is not to hold a connection until it comes again.
 */
function isForStream({ method, url }: HttpRequest): boolean {
  return method === 'GET' && pathOf(url) === '/sse'
}

/** The path as it stands, without the query, and without what a proxy's absolute form has before it (RFC 9112, 3.2.2). */
function pathOf(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/^https?:\/\/[^/]*/i, '')
}

function readOnly(answer: () => HttpReply, onError: OnError): Route {
  return ({ method }) =>
    method === 'GET' || method === 'HEAD'
      ? answer()
      : problemReply(methodNotAllowed(method, 'GET, HEAD'), onError, { allow: 'GET, HEAD' })
}

/** With headers beside its own. What an answer varies by adds up. */
function withHeaders<Reply extends HttpReply | StreamReply>(
  reply: Reply,
  headers: Readonly<Record<string, string>>,
): Reply {
  const merged = { ...reply.headers, ...headers }
  if (reply.headers.vary !== undefined && headers.vary !== undefined)
    merged.vary = mergeVary(headers.vary, reply.headers.vary)
  return { ...reply, headers: merged }
}

function healthReply(isDraining: boolean): HttpReply {
  return {
    status: isDraining ? 503 : 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify({ status: isDraining ? 'draining' : 'ok' }),
  }
}

function publishForbidden(): MillraceError {
  return new MillraceError(
    'publish_forbidden',
    'This hub takes no messages over HTTP: until there are tokens, only --dev does. ' +
      'With --redis, publish through Redis: with hub.publish of an application on the same Redis, with ' +
      '"millrace publish --redis", or with PUBLISH on a channel that is relayed.',
  )
}

function notFound(path: string, known: readonly string[]): MillraceError {
  return new MillraceError('not_found', `There is nothing at ${quote(path)}. There is: ${known.join(', ')}.`)
}
