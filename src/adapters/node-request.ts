import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Readable } from 'node:stream'
import { bodyCutOff, type IncomingBody } from '../http/body.ts'
import type { HttpRequest } from '../http/exchange.ts'

/** What Express adds to a request. */
interface Extras {
  /** What a body parser made of the body. */
  readonly body?: unknown
}

/** A request of node:http, node:http2 or Express. */
export function fromNode(request: (IncomingMessage | Http2ServerRequest) & Extras): HttpRequest {
  return {
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    host: request.headers.host ?? request.headers[':authority']?.toString(),
    header: (name) => {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join(',') : value
    },
    raw: request,
    // Both, because parsers set an empty `body` also where they have left the stream alone (Express 4 does).
    read: async (body) =>
      request.body !== undefined && request.readableEnded ? fromParser(request.body) : readBody(request, body),
  }
}

/**
 * The rest of a body.
 *
 * One over its limit is read on and thrown away: a client that is cut off while it still sends may never see the answer. How long
 * it may go on is the server's `requestTimeout`.
 */
export function readBody(stream: Readable, body: IncomingBody): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (run: () => void) => {
      stream.off('data', add).off('end', end).off('error', cut).off('close', cut)
      // Whatever becomes of the rest of it, there is still an answer to be sent.
      stream.on('error', () => {}).resume()
      run()
    }
    const attempt = (run: () => void) => {
      try {
        run()
      } catch (error) {
        settle(() => reject(error))
      }
    }
    const add = (chunk: Uint8Array | string) =>
      attempt(() => body.add(typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
    const end = () =>
      attempt(() => {
        const value = body.end()
        settle(() => resolve(value))
      })
    const cut = (cause?: unknown) => settle(() => reject(bodyCutOff(cause)))

    if (stream.readableEnded) end()
    else if (stream.destroyed) cut()
    else stream.on('data', add).once('end', end).once('error', cut).once('close', cut)
  })
}

/** express.text() and express.raw() leave the text as it came; express.json() has parsed it. */
function fromParser(body: unknown): unknown {
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : body
}
