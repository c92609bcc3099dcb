import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { HttpReply } from '../http/exchange.ts'
import { type PublishHandlerOptions, publishReply } from '../http/publish.ts'
import { type SubscribeHandlerOptions, subscribeReply } from '../http/subscribe.ts'
import type { Hub } from '../hub/hub.ts'
import { fromNode } from './node-request.ts'
import { isOver, nodeSink } from './node-sink.ts'

/** A handler for node:http, node:http2 (its compatibility API), Express and Connect. It never rejects. */
export type NodeHandler = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => Promise<void>

/** Streams to `GET`, answers `HEAD` with the headers, and everything else with problem+json. */
export function sse(hub: Hub, options?: SubscribeHandlerOptions): NodeHandler {
  return async (request, either) => {
    const response = asServerResponse(either)
    const reply = await subscribeReply(hub, fromNode(request), options)
    if (!('admission' in reply)) {
      send(response, reply)
      return
    }
    // The reader may have gone while the hub looked for its place: then no `close` will come any more.
    if (isOver(response)) {
      reply.admission.cancel()
      return
    }
    writeHead(response, reply)
    response.flushHeaders()
    reply.admission.open(nodeSink(response))
  }
}

/** Publishes what is `POST`ed. Whoever reaches this handler may publish: put your own authentication before it. */
export function publish(hub: Hub, options?: PublishHandlerOptions): NodeHandler {
  return async (request, response) =>
    send(asServerResponse(response), await publishReply(hub, fromNode(request), options))
}

/** The compatibility API of node:http2 has all that is used here, and declares only part of it. */
function asServerResponse(response: ServerResponse | Http2ServerResponse): ServerResponse {
  return response as ServerResponse
}

function send(response: ServerResponse, reply: HttpReply): void {
  if (isOver(response)) return
  writeHead(response, reply)
  response.end(reply.body)
}

/** One by one, so that headers which middleware has set before stay. */
function writeHead(response: ServerResponse, { status, headers }: Pick<HttpReply, 'status' | 'headers'>): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}
