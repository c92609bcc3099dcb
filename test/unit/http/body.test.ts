import { describe, expect, test } from 'vitest'
import { type IncomingBody, incomingLines, incomingText } from '../../../src/http/body.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

const asText = (limit = 100) => incomingText(limit, (text) => text)

function asLines(limit = 100): IncomingBody {
  const pieces: string[] = []
  return incomingLines(
    limit,
    (lines) => void pieces.push(lines),
    () => pieces.join(''),
  )
}

describe.for([
  ['as text', asText],
  ['as lines', asLines],
] as const)('%s', ([, incoming]) => {
  test('a body is put together from chunks that are cut anywhere', () => {
    const text = 'ünï¢ode\n🚀\n\nend'
    for (const size of [1, 2, 3, 7, 100]) {
      const body = incoming()
      const all = bytes(text)
      for (let at = 0; at < all.length; at += size) body.add(all.slice(at, at + size))

      expect(body.end()).toBe(text)
    }
  })

  test('a byte order mark is no part of a body, unless it is within it', () => {
    const body = incoming()

    body.add(bytes('\uFEFF{}\n\uFEFF{}'))

    expect(body.end()).toBe('{}\n\uFEFF{}')
  })

  test('a body may have as many bytes as the limit, and no more', () => {
    const body = incoming(4)

    body.add(bytes('abcd'))

    expect(body.end()).toBe('abcd')
    expect(() => body.add(bytes('e'))).toThrow(/more than 4 bytes/)
  })

  test.for([
    ['a byte that begins nothing', [0xff]],
    ['a character that is cut off at the end', [0xe2, 0x82]],
    ['a character that is cut off at the end of a line', [0xe2, 0x82, 0x0a]],
  ] as const)('a body that is not UTF-8 is refused: %s', ([, chunk]) => {
    const body = incoming()

    expect(() => {
      body.add(new Uint8Array(chunk))
      body.end()
    }).toThrow(/not UTF-8/)
  })
})

test('lines are read as they come, whole', () => {
  const seen: string[] = []
  const body = incomingLines(
    100,
    (lines) => void seen.push(lines),
    () => undefined,
  )

  for (const chunk of ['a\nb', 'c', 'd\ne\nf\ng', '\n']) body.add(bytes(chunk))
  body.end()

  expect(seen).toEqual(['a\n', 'bcd\n', 'e\nf\n', 'g\n'])
})
