import type { ServerResponse } from 'node:http'
import type { HttpReply, StreamReply } from '../http/exchange.ts'
import { mergeVary } from '../http/vary.ts'
import type { Sink } from '../hub/sink.ts'
import { isOver, nodeSink } from './node-sink.ts'

/** Sends an answer that is whole, or the headers of one that stays open. */
export function answer(response: ServerResponse, reply: HttpReply | StreamReply): void {
  if ('admission' in reply) openStream(response, reply)
  else sendReply(response, reply)
}

/** Sends an answer that is whole. */
function sendReply(response: ServerResponse, reply: HttpReply): void {
  if (isGone(response)) return
  writeHead(response, reply)
  response.end(reply.body)
}

/** Sends the headers at once and begins the stream. Undefined where there is nobody to read it. */
export function openStream(response: ServerResponse, reply: StreamReply): Sink | undefined {
  // The reader may have gone while the hub looked for its place: then no `close` will come any more.
  if (isGone(response)) {
    reply.admission.cancel()
    return undefined
  }
  // A body that nobody reads would keep Node from reading on, and so from seeing that the reader has left.
  response.req.resume()
  // When a stream ends its reader is to connect anew, perhaps to another server: a connection that stayed would bring it back to
  // this one, and keep a server that closes waiting. HTTP/2 has no such header.
  if (response.req.httpVersionMajor < 2) response.shouldKeepAlive = false
  const isBare = canBeBare(response)
  // Said, and not left to Node, because then we may write the chunks ourselves.
  const headers = isBare ? { ...reply.headers, 'transfer-encoding': 'chunked' } : reply.headers
  // An answer keeps what is set one by one, which is 600 bytes for as long as the stream lasts, and needs it where others have set some.
  if (response.getHeaderNames().length === 0) response.writeHead(reply.status, headers)
  else writeHead(response, { ...reply, headers })
  response.flushHeaders()
  return reply.admission.open(nodeSink(response, isBare))
}

/**
 * Whether chunks can be written to the socket itself: HTTP/1.1 has them, the answer's turn has come, and nobody has put a `write` of
 * his own in the place of the answer's, to compress what is written or to count it.
 */
function canBeBare(response: ServerResponse): boolean {
  const { req, socket } = response
  return req.httpVersion === '1.1' && socket !== null && !Object.hasOwn(response, 'write')
}

/** Also where somebody else has answered, such as middleware that found us too slow. */
function isGone(response: ServerResponse): boolean {
  return isOver(response) || response.headersSent
}

/** One by one, so that headers which middleware has set before stay; what it varies by is added to. */
function writeHead(response: ServerResponse, { status, headers }: Pick<HttpReply, 'status' | 'headers'>): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, name === 'vary' ? mergeVary(response.getHeader(name), value) : value)
  }
}
