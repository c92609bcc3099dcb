import { type Clock, systemClock } from '../base/clock.ts'
import type { HttpReply } from '../http/exchange.ts'
import { type PublishHandlerOptions, publishReply } from '../http/publish.ts'
import { type SubscribeHandlerOptions, subscribeReply } from '../http/subscribe.ts'
import type { Admission } from '../hub/admission.ts'
import type { Hub } from '../hub/api.ts'
import { fromWeb } from './web-request.ts'
import { createWebPipe } from './web-sink.ts'

/** A handler for whatever speaks `Request` and `Response`: Hono, Next.js, Bun, Deno and others. It never rejects. */
export type WebHandler = (request: Request) => Promise<Response>

export interface WebSubscribeOptions extends SubscribeHandlerOptions {
  readonly clock?: Clock
}

/** How long a response may wait for somebody to read its body, in ms. One that was dropped unread tells nobody. */
const longestUnread = 10_000

/** A body with a `Content-Encoding` is what it says already. Cloudflare's Workers would otherwise compress it once more. */
const asEncoded = { encodeBody: 'manual' }

/** Streams to `GET`, answers `HEAD` with the headers, and everything else with problem+json. */
export function sse(hub: Hub, { clock = systemClock, ...options }: WebSubscribeOptions = {}): WebHandler {
  return async (request) => {
    const reply = await subscribeReply(hub, fromWeb(request), options)
    if (!('admission' in reply)) return toResponse(reply)
    const { admission, status, headers } = reply
    if (!request.signal.aborted)
      return new Response(toStream(admission, request.signal, clock), { status, headers, ...asEncoded })
    admission.cancel()
    // Nobody reads it; the number is what nginx notes for a client that closed its request.
    return new Response(null, { status: 499 })
  }
}

/** Publishes what is `POST`ed. Whoever reaches this handler may publish: put your own authentication before it. */
export function publish(hub: Hub, options?: PublishHandlerOptions): WebHandler {
  return async (request) => toResponse(await publishReply(hub, fromWeb(request), options))
}

/** A body that begins its subscription when it is first read. Until then the subscriber has its place and takes up no more. */
function toStream(admission: Admission, signal: AbortSignal, clock: Clock): ReadableStream<Uint8Array> {
  let isOpen = false
  const { readable, sink } = createWebPipe(() => {
    isOpen = true
    endWait()
    admission.open(sink)
  })
  const leave = () => sink.end()
  const endWait = clock.after(longestUnread, leave)
  // Not every platform cancels the body of a client that went away, and not every one aborts its request.
  signal.addEventListener('abort', leave)
  sink.onClose(() => {
    endWait()
    signal.removeEventListener('abort', leave)
    if (!isOpen) admission.cancel()
  })
  return readable
}

function toResponse({ status, headers, body }: HttpReply): Response {
  return new Response(body === '' ? null : body, { status, headers })
}
