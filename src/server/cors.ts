import { MillraceError, quote } from '../base/errors.ts'
import type { HttpReply, HttpRequest } from '../http/exchange.ts'

/** How long a browser may keep the answer to a preflight, in seconds. */
const maxAge = 600

/** What pages of other origins may read (Fetch standard, 3.3 "CORS protocol"). */
export interface Cors {
  /** What is to stand in an answer, so that the page that asked may read it. */
  headers(request: HttpRequest): Readonly<Record<string, string>>
  /** The answer to a preflight, without these; undefined where it is none, or of an origin that may not read. */
  preflight(request: HttpRequest, methods: string): HttpReply | undefined
}

/**
 * Which origins may read. Never with credentials: nothing here is opened by a cookie.
 *
 * @throws {MillraceError} `option_invalid`
 */
export function createCors(origins: readonly string[]): Cors {
  for (const origin of origins) assertOrigin(origin)
  // Said whoever asks, or a cache would hand the answer for one origin to another. One object each: they are compared.
  const refused: Readonly<Record<string, string>> =
    origins.length === 0 || origins.includes('*') ? {} : { vary: 'Origin' }
  const named = new Map(origins.map((origin) => [origin, { ...refused, 'access-control-allow-origin': origin }]))
  const open = named.get('*')
  const allowed = (request: HttpRequest) => {
    if (named.size === 0) return undefined
    const origin = request.header('origin')
    return origin === undefined ? undefined : (open ?? named.get(origin))
  }
  return {
    headers: (request) => allowed(request) ?? refused,
    preflight(request, methods) {
      if (request.method !== 'OPTIONS' || request.header('access-control-request-method') === undefined)
        return undefined
      if (allowed(request) === undefined) return undefined
      return {
        status: 204,
        headers: {
          'access-control-allow-methods': methods,
          'access-control-allow-headers': 'Last-Event-ID, Content-Type, Prefer',
          'access-control-max-age': String(maxAge),
        },
        body: '',
      }
    },
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
