import { MillraceError, messageOf, quote } from '../base/errors.ts'
import { bodyTooLarge, type IncomingBody, incomingLines, incomingText } from './body.ts'
import type { HttpRequest } from './exchange.ts'

/** How the content type says that a body is to be read. */
type Form = 'json' | 'lines' | 'unsaid'

const forms: Readonly<Record<string, Form>> = {
  'application/json': 'json',
  'application/x-ndjson': 'lines',
  'application/ndjson': 'lines',
  'application/jsonl': 'lines',
  // What clients send who were told nothing: curl -d, a fetch of a string, and those that send no type at all.
  'application/x-www-form-urlencoded': 'unsaid',
  'text/plain': 'unsaid',
  '': 'unsaid',
}

/**
 * The JSON value of a publish, or the list of values of several lines of JSON.
 *
 * @throws {MillraceError} `content_type_unsupported`, `body_too_large`, `body_invalid`
 */
export async function readPublishBody(request: HttpRequest, limit: number): Promise<unknown> {
  const form = formOf(request)
  // Where the length is told, nobody need send it all to hear that it is too much.
  if (Number(request.header('content-length')) > limit) throw bodyTooLarge(limit)
  const body = await request.read(
    form === 'lines' ? parsedLines(limit) : incomingText(limit, (text) => parse(text, form)),
  )
  if (body instanceof Parsed) return body.value
  if (typeof body === 'string') return parse(body, form).value
  // A parser of forms has been at it: what it made of JSON is not what was sent.
  if (form === 'unsaid') throw unsupported(request)
  return body
}

/** Tells what we have parsed from what others have. */
class Parsed {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

function parse(text: string, form: Form): Parsed {
  // No single JSON value has one object after another without a comma. Nothing here may match in two ways: with `\s*` on both
  // sides, a body of line ends would be tried for minutes.
  if (form === 'lines' || (form === 'unsaid' && /\}[^\S\n]*\n\s*\{/.test(text))) {
    const lines = new Lines()
    lines.add(text)
    return lines.end()
  }
  if (text.trim() === '') throw bodyEmpty()
  return new Parsed(parseJson(text, 'The body'))
}

function parsedLines(limit: number): IncomingBody {
  const lines = new Lines()
  return incomingLines(
    limit,
    (text) => lines.add(text),
    () => lines.end(),
  )
}

/** The values of lines of JSON. */
class Lines {
  readonly #values: unknown[] = []
  #number = 0

  /** Whole lines. */
  add(text: string): void {
    const lines = text.split('\n')
    // After the end of the last one comes what is added next.
    if (lines.at(-1) === '') lines.pop()
    for (const line of lines) {
      this.#number++
      const trimmed = line.trim()
      if (trimmed !== '') this.#values.push(parseJson(trimmed, `Line ${this.#number}`))
    }
  }

  end(): Parsed {
    if (this.#values.length === 0) throw bodyEmpty()
    return new Parsed(this.#values)
  }
}

function bodyEmpty(): MillraceError {
  return new MillraceError('body_invalid', 'The body is empty. Send a JSON object with "channel" and "data".')
}

/**
 * The threat is a page of another origin that publishes on a hub its visitor can reach. It may send JSON only after the hub's
 * consent (Fetch standard, CORS preflight), and what it may send without asking carries its `Origin`, which is refused here.
 */
function formOf(request: HttpRequest): Form {
  const essence = essenceOf(request)
  const form = essence.endsWith('+json') ? 'json' : forms[essence]
  if (form === undefined || (form === 'unsaid' && isOfAnotherOrigin(request))) throw unsupported(request)
  return form
}

function isOfAnotherOrigin(request: HttpRequest): boolean {
  const origin = request.header('origin')
  if (origin === undefined) return false
  return !URL.canParse(origin) || new URL(origin).host !== request.host
}

function essenceOf(request: HttpRequest): string {
  return request.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
}

function unsupported(request: HttpRequest): MillraceError {
  return new MillraceError(
    'content_type_unsupported',
    `The content type is ${quote(essenceOf(request))}. Send application/json, or application/x-ndjson for one message per line.`,
  )
}

function parseJson(text: string, subject: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const why = messageOf(cause)
    throw new MillraceError('body_invalid', `${subject} is not JSON: ${why}`, { cause })
  }
}
