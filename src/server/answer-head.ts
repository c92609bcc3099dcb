import { Buffer } from 'node:buffer'
import { STATUS_CODES } from 'node:http'
import type { HttpReply, StreamReply } from '../http/exchange.ts'

/** The head of an answer whose body goes in chunks, as Node writes it. */
export function streamHead(reply: StreamReply): string {
  return head(reply, 'Transfer-Encoding: chunked\r\n')
}

/** The head of an answer that is whole, as Node writes it. */
export function lastHead(reply: HttpReply): string {
  return head(reply, `Content-Length: ${Buffer.byteLength(reply.body)}\r\n`)
}

/**
 * The values are not looked at: they are the routes' own, and of a request there is nothing in them but an origin that equals one which
 * the server was given.
 */
function head({ status, headers }: HttpReply | StreamReply, framing: string): string {
  let lines = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  for (const name in headers) lines += `${name}: ${headers[name]}\r\n`
  return `${lines}${dateLine()}${framing}\r\n`
}

let second = 0
let line = ''

/** It changes once a second, and takes longer to write than all the rest. */
function dateLine(): string {
  const now = Math.floor(Date.now() / 1_000)
  if (now !== second) {
    second = now
    line = `Date: ${new Date(now * 1_000).toUTCString()}\r\n`
  }
  return line
}
