import { MillraceError, type OnError, quote } from '../base/errors.ts'
import type { HttpReply, HttpRequest, StreamReply } from '../http/exchange.ts'
import { methodNotAllowed, problemReply } from '../http/problem.ts'
import { publishReply } from '../http/publish.ts'
import { subscribeReply } from '../http/subscribe.ts'
import { mergeVary } from '../http/vary.ts'
import type { Hub } from '../hub/api.ts'
import { type Cors, createCors } from './cors.ts'
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

interface Route {
  readonly answer: (request: HttpRequest) => Promise<HttpReply | StreamReply> | HttpReply
  /** Whose pages may read the answers, and the methods that a preflight is told. @default nobody's */
  readonly cors?: Cors
  readonly methods: string
}

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
      { answer: (request) => subscribeReply(hub, request, { onError, compress }), cors: reading, methods: 'GET, HEAD' },
    ],
    ['/publish', { answer: publishAnswer, cors: publishing, methods: 'POST' }],
    ['/healthz', readOnly(() => healthReply(isDraining()), onError)],
  ])

  return async (request) => {
    const path = pathOf(request.url)
    let reply: HttpReply | StreamReply
    let allowed: Headers | undefined
    try {
      if (dev) assertLoopbackHost(request.host)
      const { answer, cors, methods } = routes.get(path) ?? (await elsewhere(path))
      reply = cors?.preflight(request, methods) ?? (await answer(request))
      allowed = cors?.headers(request)
    } catch (error) {
      reply = problemReply(error, onError)
    }
    // A stream that has ended is to be opened anew, perhaps at another server, and who was refused is not to hold a connection until it
    // comes again. Where the server drains, a browser could come back on this connection, be refused, and give up: an EventSource tries
    // again only where nobody answers.
    const isLast = (request.method === 'GET' && path === '/sse') || isLeaving()
    return withHeaders(reply, allowed, isLast ? closing : undefined)
  }

  /** @throws {MillraceError} `not_found` */
  async function elsewhere(path: string): Promise<Route> {
    const page = dev ? await pageReply(path) : undefined
    if (page === undefined) throw notFound(path, [...(dev ? ['/'] : []), ...routes.keys()])
    return readOnly(() => page, onError)
  }

  async function publishAnswer(request: HttpRequest): Promise<HttpReply> {
    return dev || request.method !== 'POST'
      ? publishReply(hub, request, { onError })
      : problemReply(publishForbidden(), onError)
  }
}

/** The connection ends with the answer. */
const closing = { connection: 'close' }

/** The path as it stands, without the query, and without what a proxy's absolute form has before it (RFC 9112, 3.2.2). */
function pathOf(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/^https?:\/\/[^/]*/i, '')
}

function readOnly(answer: () => HttpReply, onError: OnError): Route {
  return {
    answer: ({ method }) =>
      method === 'GET' || method === 'HEAD'
        ? answer()
        : problemReply(methodNotAllowed(method, 'GET, HEAD'), onError, { allow: 'GET, HEAD' }),
    methods: 'GET, HEAD',
  }
}

type Headers = HttpReply['headers']

/** What was put together last. Streams are nearly all that is asked for, and their headers are the same objects each time. */
let last: { readonly from: readonly (Headers | undefined)[]; readonly headers: Headers } = { from: [], headers: {} }

/** With headers beside its own. What an answer varies by adds up. */
function withHeaders<Reply extends HttpReply | StreamReply>(
  reply: Reply,
  allowed: Headers | undefined,
  connection: Headers | undefined,
): Reply {
  const own = reply.headers
  if (last.from[0] !== own || last.from[1] !== allowed || last.from[2] !== connection) {
    const headers: Record<string, string> = { ...own, ...allowed, ...connection }
    if (own.vary !== undefined && allowed?.vary !== undefined) headers.vary = mergeVary(allowed.vary, own.vary)
    last = { from: [own, allowed, connection], headers }
  }
  return { ...reply, headers: last.headers }
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
