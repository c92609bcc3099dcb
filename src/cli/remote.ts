import { type ErrorCode, errorCodes, MillraceError, quote } from '../base/errors.ts'

/** Longest text of an answer that is read to say what went wrong, in characters. */
const maxDetail = 2_000

/**
 * The address of something that the hub at `base` has: `/sse` at `http://host/api` is `http://host/api/sse`.
 *
 * @throws {MillraceError} `option_invalid`
 */
export function hubUrl(base: string, path: string): URL {
  const url = URL.canParse(base) ? new URL(base) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new MillraceError(
      'option_invalid',
      `The --url ${quote(url === undefined ? base : url.protocol)} is not understood. Give http://host:port, or https://, without a user.`,
    )
  }
  url.pathname = url.pathname.replace(/\/*$/, path)
  return url
}

/** What `fetch` fails with says little; its cause says why. */
export function unreachable(url: URL, cause: unknown): MillraceError {
  return new MillraceError('hub_unreachable', `No hub answers at ${url.origin} (${reasonOf(cause)}). Is it running?`, {
    cause,
  })
}

export function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? (error.cause ?? error) : error
  if (reason instanceof Error) {
    // Where a name has several addresses, each has failed in its own way, and the whole has no message.
    return reason.message || ('code' in reason ? String(reason.code) : reason.name)
  }
  return String(reason)
}

/** The error that an answer tells of: ours, by its problem+json, or that of whatever stands before the hub. */
export async function toError(response: Response): Promise<MillraceError> {
  const text = (await response.text().catch(() => '')).slice(0, maxDetail)
  const { status } = response
  const problem = parseProblem(text)
  if (problem !== undefined) {
    const { code, detail, item } = problem
    return new MillraceError(code, detail, { data: { status, ...(item === undefined ? {} : { item }) } })
  }
  return new MillraceError(
    'hub_unreachable',
    `${response.url} answered ${status} ${response.statusText}, and not as a hub does. Check --url.`,
    { data: { status } },
  )
}

interface Problem {
  readonly code: ErrorCode
  readonly detail: string
  /** Of several messages, the one that was refused. */
  readonly item: number | undefined
}

function parseProblem(text: string): Problem | undefined {
  try {
    const { code, detail, item } = JSON.parse(text) as Readonly<Record<string, unknown>>
    if (typeof code !== 'string' || typeof detail !== 'string' || !Object.hasOwn(errorCodes, code)) return undefined
    return { code: code as ErrorCode, detail, item: typeof item === 'number' ? item : undefined }
  } catch {
    // Not JSON, and so not a hub's.
    return undefined
  }
}
