import { constants, gunzipSync } from 'node:zlib'

/** An answer of HTTP/1.1, without what chance and the clock have put into it. */
export interface Answer {
  readonly status: string
  /** Sorted: their order means nothing. */
  readonly headers: readonly string[]
  readonly body: string
  /** It goes in chunks, and the last one has not come. */
  readonly isUnfinished: boolean
  /** What does not look like an answer. */
  readonly rest?: string
}

/** As Node's parser refuses. */
export const badRequest: Answer = {
  status: 'HTTP/1.1 400 Bad Request',
  headers: ['connection: close'],
  body: '',
  isUnfinished: false,
}

/** The answers on a connection, one after the other. */
export function readAnswers(text: string): readonly Answer[] {
  const answers: Answer[] = []
  let rest = text
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    const [status = '', ...lines] = rest.slice(0, end < 0 ? undefined : end).split('\r\n')
    if (end < 0 || !status.startsWith('HTTP/1.1 '))
      return [...answers, { status: '', headers: [], body: '', isUnfinished: false, rest }]
    const headers = lines.map((line) => line.replace(/^[^:]*/, (name) => name.toLowerCase()))
    // Without a length and chunks it ends with the connection (RFC 9112, 6.3); and with nothing where that is not to end.
    const most = headers.includes('connection: close') ? Number.POSITIVE_INFINITY : 0
    const length = Number(/^content-length: (\d+)$/m.exec(headers.join('\n'))?.[1] ?? most)
    const isGzip = headers.includes('content-encoding: gzip')
    const isChunked = headers.includes('transfer-encoding: chunked')
    const { body, behind, isUnfinished } = isChunked
      ? readChunks(rest.slice(end + 4))
      : cut(rest.slice(end + 4), length)
    answers.push({
      status,
      headers: headers.map(withoutChance).toSorted(),
      body: withoutChance(isGzip ? unzip(body) : body),
      isUnfinished,
    })
    rest = behind
  }
  return answers
}

type Body = Readonly<{ body: string; behind: string; isUnfinished: boolean }>

function readChunks(text: string): Body {
  let body = ''
  let behind = text
  for (;;) {
    const head = /^([0-9a-f]+)\r\n/.exec(behind)
    const start = head?.[0].length ?? 0
    const end = start + Number.parseInt(head?.[1] ?? '', 16)
    if (head === null || behind.slice(end, end + 2) !== '\r\n') return { body, behind, isUnfinished: true }
    body += behind.slice(start, end)
    behind = behind.slice(end + 2)
    if (end === start) return { body, behind, isUnfinished: false }
  }
}

function cut(text: string, at: number): Body {
  return { body: text.slice(0, at), behind: text.slice(at), isUnfinished: false }
}

/** As far as it has come. */
function unzip(text: string): string {
  return gunzipSync(Buffer.from(text, 'latin1'), { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1')
}

function withoutChance(text: string): string {
  return text.replace(/^date: .*/, 'date').replace(/^retry(-after)?: \d+$/gm, 'retry')
}
