import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { type PublishHandlerOptions, publishReply } from '../http/publish.ts'
import { type SubscribeHandlerOptions, subscribeReply } from '../http/subscribe.ts'
import type { Hub } from '../hub/api.ts'
import { answer } from './node-answer.ts'
import { fromNode } from './node-request.ts'

/** A handler for node:http, node:http2 (its compatibility API), Express and Connect. It never rejects. */
export type NodeHandler = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => Promise<void>

/** Streams to `GET`, answers `HEAD` with the headers, and everything else with problem+json. */
export function sse(hub: Hub, options?: SubscribeHandlerOptions): NodeHandler {
  return async (request, response) =>
    answer(asServerResponse(response), await subscribeReply(hub, fromNode(request), options))
}

/** Publishes what is `POST`ed. Whoever reaches this handler may publish: put your own authentication before it. */
export function publish(hub: Hub, options?: PublishHandlerOptions): NodeHandler {
  return async (request, response) =>
    answer(asServerResponse(response), await publishReply(hub, fromNode(request), options))
}

/** The compatibility API of node:http2 has all that is used here, and declares only part of it. */
function asServerResponse(response: ServerResponse | Http2ServerResponse): ServerResponse {
  return response as ServerResponse
}
