import type { IncomingMessage, ServerResponse } from 'node:http'
import { MillraceError, quote } from '../base/errors.ts'

/** How long a browser may keep the answer to a preflight, in seconds. */
const maxAge = 600

/**
 * Adds what a page of another origin needs to read the answer, and answers a preflight.
 *
 * @returns whether it was a preflight, and is answered
 */
export type Cors = (request: IncomingMessage, response: ServerResponse, methods: string) => boolean

/**
 * Which origins may read (Fetch standard, 3.3 "CORS protocol"). Never with credentials: nothing here is opened by a cookie.
 *
 * @throws {MillraceError} `option_invalid`
 */
export function createCors(origins: readonly string[]): Cors {
  for (const origin of origins) assertOrigin(origin)
  const isOpen = origins.includes('*')
  return (request, response, methods) => {
    if (origins.length === 0) return false
    const { origin } = request.headers
    // Set whoever asks, or a cache would hand the answer for one origin to another.
    if (!isOpen) response.setHeader('vary', 'Origin')
    if (origin === undefined || !(isOpen || origins.includes(origin))) return false
    response.setHeader('access-control-allow-origin', isOpen ? '*' : origin)
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false
    response.setHeader('access-control-allow-methods', methods)
    response.setHeader('access-control-allow-headers', 'Last-Event-ID, Content-Type, Prefer')
    response.setHeader('access-control-max-age', String(maxAge))
    response.writeHead(204).end()
    return true
  }
}

function assertOrigin(text: string): void {
  if (text === '*') return
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.origin === text && text !== 'null') return
  const hint = url === undefined || url.origin === 'null' ? 'https://example.com' : url.origin
  throw new MillraceError(
    'option_invalid',
    `The origin ${quote(text)} is not one that a browser sends. Give scheme, host and port without a path, such as ${hint}, or *.`,
  )
}
