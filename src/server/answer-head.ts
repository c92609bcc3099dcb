import { Buffer } from 'node:buffer'
import { STATUS_CODES } from 'node:http'
import type { HttpReply, StreamReply } from '../http/exchange.ts'

/** The head of an answer whose body goes in chunks, as Node writes it. */
export function streamHead(reply: StreamReply): string {
  // Most answers are alike, and within a second they are the same.
  const date = dateLine()
  if (reply.headers !== last.headers || date !== last.date) {
    last = { headers: reply.headers, date, head: `${head(reply, date)}Transfer-Encoding: chunked\r\n\r\n` }
  }
  return last.head
}

let last: { readonly headers?: StreamReply['headers']; readonly date: string; readonly head: string } = {
  date: '',
  head: '',
}

/** An answer that is whole, as Node writes it. */
export function wholeReply(reply: HttpReply): string {
  return `${head(reply, dateLine())}Content-Length: ${Buffer.byteLength(reply.body)}\r\n\r\n${reply.body}`
}

/**
 * All but what says how the body is framed. The values are not looked at: they are the routes' own, and of a request there is nothing in
 * them but an origin that equals one which the server was given.
 */
function head({ status, headers }: HttpReply | StreamReply, date: string): string {
  let lines = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  for (const name in headers) lines += `${name}: ${headers[name]}\r\n`
  return lines + date
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
