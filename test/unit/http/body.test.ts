import { expect, test } from 'vitest'
import { IncomingBody } from '../../../src/http/body.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test('a body is put together from chunks that are cut anywhere', () => {
  const text = 'ünï¢ode 🚀'
  const body = new IncomingBody(100)

  for (const byte of bytes(text)) body.add(new Uint8Array([byte]))

  expect(body.text()).toBe(text)
})

test('a byte order mark is no part of a body', () => {
  const body = new IncomingBody(100)

  body.add(bytes('\uFEFF{}'))

  expect(body.text()).toBe('{}')
})

test('a body may have as many bytes as the limit, and no more', () => {
  const body = new IncomingBody(4)

  body.add(bytes('abcd'))

  expect(body.text()).toBe('abcd')
  expect(() => body.add(bytes('e'))).toThrow(/more than 4 bytes/)
})

test.for([
  ['a byte that begins nothing', [0xff]],
  ['a character that is cut off at the end', [0xe2, 0x82]],
] as const)('a body that is not UTF-8 is refused: %s', ([, chunk]) => {
  const body = new IncomingBody(100)

  expect(() => {
    body.add(new Uint8Array(chunk))
    body.text()
  }).toThrow(/not UTF-8/)
})
