import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { MillraceError } from '../base/errors.ts'
import type { HttpRequest } from '../http/exchange.ts'

/** What Express adds to a request. */
interface Extras {
  /** What a body parser made of the body. */
  readonly body?: unknown
}

/**
 * A body over its limit is read on and thrown away, up to this many times the limit, because a client that is answered while it
 * still sends may never see the answer.
 */
const patience = 16

/** A request of node:http, node:http2 or Express. */
export function fromNode(request: (IncomingMessage | Http2ServerRequest) & Extras): HttpRequest {
  return {
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    header: (name) => {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join(',') : value
    },
    body: async (limit) =>
      request.body !== undefined && request.readableEnded ? fromParser(request.body) : readText(request, limit),
  }
}

/** express.text() and express.raw() leave the text as it came; express.json() has parsed it. */
function fromParser(body: unknown): unknown {
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : body
}

async function readText(request: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size <= limit) chunks.push(chunk)
    else if (size > limit * patience) break
  }
  if (size > limit) {
    throw new MillraceError('body_too_large', `The body has more than ${limit} bytes. Send less at a time.`, {
      data: { limit },
    })
  }
  return Buffer.concat(chunks).toString('utf8')
}
