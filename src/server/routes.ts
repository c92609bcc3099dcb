import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { publish, sse } from '../adapters/node.ts'
import { sendReply } from '../adapters/node-answer.ts'
import { MillraceError, type OnError, quote } from '../base/errors.ts'
import type { HttpReply } from '../http/exchange.ts'
import { methodNotAllowed, problemReply } from '../http/problem.ts'
import type { Hub } from '../hub/api.ts'
import { createCors } from './cors.ts'
import { assertLoopbackHost } from './loopback.ts'
import { pageReply } from './page.ts'

interface RoutesOptions {
  readonly hub: Hub
  readonly dev: boolean
  readonly cors: readonly string[]
  readonly onError: OnError
  readonly isDraining: () => boolean
}

type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

/**
 * `/sse`, `/publish`, `/healthz`, and with `dev` the page.
 *
 * @throws {MillraceError} `option_invalid` for an origin
 */
export function createRoutes({ hub, dev, cors, onError, isDraining }: RoutesOptions): RequestListener {
  const reading = createCors(cors)
  // Not for `*`: then any page on the web could publish on the developer's machine.
  const publishing = createCors(dev ? cors.filter((origin) => origin !== '*') : [])
  const stream = sse(hub, { onError })
  const post = publish(hub, { onError })

  const routes = new Map<string, Route>([
    [
      '/sse',
      async (request, response) => {
        if (!reading(request, response, 'GET, HEAD')) await stream(request, response)
      },
    ],
    [
      '/publish',
      async (request, response) => {
        if (publishing(request, response, 'POST')) return
        if (dev || request.method !== 'POST') await post(request, response)
        else sendReply(response, problemReply(publishForbidden(), onError))
      },
    ],
    ['/healthz', readOnly((response) => sendReply(response, healthReply(isDraining())), onError)],
  ])

  return (request, response) => {
    run(request, response).catch((error: unknown) => sendReply(response, problemReply(error, onError)))
  }

  async function run(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Or a browser could come back on this connection, be refused, and give up: an EventSource tries again only where nobody answers.
    if (isDraining()) response.setHeader('connection', 'close')
    if (dev) assertLoopbackHost(request.headers.host)
    const path = pathOf(request.url ?? '/')
    const route = routes.get(path) ?? (dev ? await pageRoute(path, onError) : undefined)
    if (route === undefined) throw notFound(path, [...(dev ? ['/'] : []), ...routes.keys()])
    await route(request, response)
  }
}

async function pageRoute(path: string, onError: OnError): Promise<Route | undefined> {
  const reply = await pageReply(path)
  return reply === undefined ? undefined : readOnly((response) => sendReply(response, reply), onError)
}

/** The path as it stands, without the query, and without what a proxy's absolute form has before it (RFC 9112, 3.2.2). */
function pathOf(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/^https?:\/\/[^/]*/i, '')
}

function readOnly(answer: (response: ServerResponse) => void, onError: OnError): Route {
  return ({ method = 'GET' }, response) => {
    if (method === 'GET' || method === 'HEAD') answer(response)
    else sendReply(response, problemReply(methodNotAllowed(method, 'GET, HEAD'), onError, { allow: 'GET, HEAD' }))
  }
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
