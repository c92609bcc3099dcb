import fc from 'fast-check'
import { origin } from './twins.ts'

/** Requests as clients send them, and as none should: in whole, in pieces, one behind the other, and with a byte or two that is wrong. */
export function requests(): fc.Arbitrary<readonly Buffer[]> {
  return fc
    .tuple(request(), tails(), mutations(), fc.array(fc.nat(400), { maxLength: 2 }), fc.boolean())
    .map(([text, tail, changes, cuts, isWhole]) => {
      const bytes = changes.reduce(mutate, Buffer.from(text + tail, 'latin1'))
      return isWhole ? [bytes] : pieces(bytes, [...cuts, ...(tail === '' ? [] : [text.length])])
    })
}

function request(): fc.Arbitrary<string> {
  const end = mostly('\r\n', ['\n', '\r', '\r\r\n', ' \r\n', '\0\r\n'], 300)
  const line = fc.tuple(
    mostly('GET', ['HEAD', 'POST', 'get', 'Get', 'GET\t', ' GET', 'GETS', 'OPTIONS', 'PRI', '\r\nGET'], 150),
    mostly(' ', ['  ', '\t', ''], 150),
    targets(),
    mostly(' ', ['  ', '\t', ''], 150),
    mostly('HTTP/1.1', ['HTTP/1.0', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1 ', 'HTTP/01.1', 'HTTP/1.10', 'HTTP', ''], 150),
    end,
  )
  const host = mostly(
    'Host: localhost',
    [
      '',
      'Host:',
      'Host: ',
      'host:127.0.0.1:8080',
      'HOST: [::1]:80  ',
      'Host: evil.example',
      'Host: localhost\r\nHost: localhost',
      'Host: a, b',
      'Host: a b',
      'Host: user@localhost',
      'Host: local\thost',
      'Host : localhost',
      ' Host: localhost',
      'Host: localhost/',
      'Host: a\r\nhost: b',
    ],
    60,
  )
  const fields = fc.array(field(), { maxLength: 6 })
  return fc
    .tuple(line, host, fields, fc.nat(6), end, mostly('\r\n', ['\n', '', '\r', ' \r\n', '\r\n\r\n'], 120))
    .map(([first, host, fields, at, end, last]) => {
      const all = fields.toSpliced(at, 0, host).filter((text) => text !== '')
      return `${first.join('')}${all.map((text) => `${text}${end}`).join('')}${last}`
    })
}

function targets(): fc.Arbitrary<string> {
  return mostly('/sse?channel=a', [
    '/sse',
    '/sse?',
    '/sse?channel=rooms.1,a&since=10m',
    '/sse?channel=a&last_event_id=1-1',
    '/sse?channel=a&since=yesterday',
    '/sse?channel=none',
    '/sse?channel=%61%00',
    '/sse?channel=%zz',
    '/sse??channel=a?',
    '/sse?channel=a#b',
    '/sse#?channel=a',
    '/sse?channel={a}',
    '/sse?channel=ä',
    `/sse?channel=${'a'.repeat(300)}`,
    `/sse?channel=a&x=${'x'.repeat(9_000)}`,
    `/sse?channel=a&x=${'x'.repeat(17_000)}`,
    '/sse/',
    '/ssew?channel=a',
    '/SSE?channel=a',
    '//sse?channel=a',
    '/./sse?channel=a',
    '/x/../sse?channel=a',
    '/%73se?channel=a',
    'http://localhost/sse?channel=a',
    'https://evil.example/sse?channel=a',
    '*',
    'localhost:80',
    '/healthz',
    '/',
  ])
}

const usual = [
  'Accept: text/event-stream',
  'Accept: */*',
  'Accept-Encoding: gzip, deflate, br',
  'accept-encoding: identity',
  'Cache-Control: no-cache',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) "test"',
  'Accept-Language:en',
  'Connection: keep-alive',
  'connection: Close',
  `Origin: ${origin}`,
  'Origin: https://other.example',
  'Last-Event-ID: 1-1',
  'last-event-id:   1795350012069-1443332  ',
  'Last-Event-ID:',
  'Cookie: a=b; c="d"',
  'Authorization: Bearer x',
  'Upgrade-Insecure-Requests: 1',
  'Sec-Fetch-Mode: cors',
  'X_Under_Score: 1',
  "X-!#$%&'*+.^`|~: 1",
  `X-Long: ${'x'.repeat(1_500)}`,
] as const

const strange = [
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: 5\r\nContent-Length: 6',
  'Content-Length: +5',
  'Content-Length: 0x5',
  'content-length : 5',
  'Content_Length: 5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: identity, chunked',
  'transfer-encoding: Chunked',
  'X: y\r\n Transfer-Encoding: chunked',
  'Content-Length: 5\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nContent-Length: 5',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
  'X: y\r\n folded',
  'X: y\r\n\tfolded',
  'TE: trailers',
  'Trailer: X',
  'Expect: 100-continue',
  'Expect: something',
  'Upgrade: websocket',
  'Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x',
  'Connection: close, keep-alive',
  'Connection: x',
  'Connection:',
  'Connection: keep-alive\r\nConnection: close',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'Proxy-Authorization: x',
  'Origin: a\r\nOrigin: b',
  'Last-Event-ID: 1-1\r\nlast-event-id: 2-2',
  'Cookie: a\r\nCookie: b',
  'X:\ty\t',
  'X: y\tz',
  'X: y\0z',
  'X: \x7f',
  'X: \x01',
  'X: ä',
  'Ä: x',
  'X Y: z',
  'X\0: z',
  'X(: z',
  ': z',
  'X',
  '\0',
  `${'X'.repeat(300)}: y`,
  `X: ${'y'.repeat(20_000)}`,
  Array.from({ length: 70 }, (_, index) => `X-${index}: y`).join('\r\n'),
] as const

function field(): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...strange) },
  )
}

/** What stands behind the request. */
function tails(): fc.Arbitrary<string> {
  return mostly('', [
    'GET /sse?channel=a HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}',
    '0\r\n\r\n',
    '5\r\nhello\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'hello',
    '\r\n',
    '\0',
    'x'.repeat(30_000),
  ])
}

interface Mutation {
  readonly what: 'insert' | 'replace' | 'remove' | 'repeat'
  readonly at: number
  readonly byte: number
}

function mutations(): fc.Arbitrary<readonly Mutation[]> {
  const byte = fc.oneof(fc.constantFrom(...Buffer.from('\r\n\t \0:;,#?%/\\"\x7f\x80\xffaA0', 'latin1')), fc.nat(255))
  const mutation = fc.record({
    what: fc.constantFrom('insert' as const, 'replace' as const, 'remove' as const, 'repeat' as const),
    at: fc.nat(250),
    byte,
  })
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 2 }) },
  )
}

function mutate(bytes: Buffer, { what, at, byte }: Mutation): Buffer {
  const place = at % Math.max(1, bytes.length)
  const [before, here, after] = [bytes.subarray(0, place), bytes.subarray(place, place + 1), bytes.subarray(place + 1)]
  const middle = { insert: [byte, ...here], replace: [byte], remove: [], repeat: [...here, ...here] }[what]
  return Buffer.concat([before, Buffer.from(middle), after])
}

function pieces(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % Math.max(1, bytes.length)), bytes.length])]
  const sorted = places.toSorted((a, b) => a - b)
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
}

function mostly(usual: string, others: readonly string[], weight = 3 * others.length): fc.Arbitrary<string> {
  return fc.oneof(
    { weight, arbitrary: fc.constant(usual) },
    { weight: others.length, arbitrary: fc.constantFrom(...others) },
  )
}
