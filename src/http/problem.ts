import { errorCodes, MillraceError, type OnError } from '../base/errors.ts'
import type { HttpReply } from './exchange.ts'

/**
 * The least and the most seconds after which a client that found the hub full, closing or without its broker may try again: by
 * chance, so that those who were refused together do not come back together.
 */
const leastRetryAfter = 2
const mostRetryAfter = 5

/**
 * Answers with problem+json (RFC 9457): `code` is ours and stable, `detail` says what happened and what to do, and the values of
 * the error's `data` stand beside them.
 *
 * A fault that is not ours is answered without its text, which may tell what is nobody's business, and goes to `onError`.
 */
export function problemReply(
  error: unknown,
  onError: OnError,
  headers: Readonly<Record<string, string>> = {},
): HttpReply {
  const isOurs = error instanceof MillraceError
  const code = isOurs ? error.code : 'internal'
  const status = errorCodes[code]
  if (status === 500) onError(error)
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(status === 503 ? { 'retry-after': String(retryAfter()) } : {}),
      ...headers,
    },
    body: JSON.stringify({
      type: 'about:blank',
      title: code.replaceAll('_', ' '),
      status,
      code,
      detail: isOurs && status !== 500 ? error.message : 'Something went wrong on the server.',
      ...(isOurs && status !== 500 ? error.data : {}),
    }),
  }
}

function retryAfter(): number {
  return leastRetryAfter + Math.floor(Math.random() * (mostRetryAfter - leastRetryAfter + 1))
}

export function methodNotAllowed(method: string, allowed: string): MillraceError {
  return new MillraceError('method_not_allowed', `${method} is not understood here. Use ${allowed}.`, {
    data: { allowed },
  })
}
