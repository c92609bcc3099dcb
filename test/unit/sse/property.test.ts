import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeComment, encodeEvent, encodeId, encodeRetry } from '../../../src/sse/encode.ts'
import { cutAt, cutEverywhere, cuts } from './chunks.ts'
import { read, readBytes } from './record.ts'
import { interpret } from './reference.ts'

const utf8 = new TextEncoder()

/** What streams go wrong by: every field, whole and in parts, each line end, and characters with a meaning elsewhere. */
const nastyText = fc.constantFrom(
  ...['\r', '\n', '\r\n', '\n\n', '\r\r', '\r\n\r\n', '\n\r', ':', ' ', ': ', '  ', ',', '\0', '\uFEFF', '\t'],
  ...['data', 'data:', 'data: ', 'data: x\n\n', 'id', 'id:', 'id: 1', 'id: \0', 'event', 'event:', 'event: a'],
  ...['retry', 'retry:', 'retry: 10', 'retry: 1x', 'channel', 'channel: a,b', 'Data: ', 'foo: bar', ': comment'],
  ...['x', '7', 'caf\u00e9', '\u20ac', '\u{1F600}', '\u2028', '\u0085', '\u0661'],
)
const nastyStream = fc.array(nastyText, { maxLength: 40 }).map((parts) => parts.join(''))

/** The same in bytes, with sequences that are not UTF-8 among them. */
const nastyBytes = fc
  .array(
    fc.oneof(
      { weight: 9, arbitrary: nastyText.map((text) => [...utf8.encode(text)]) },
      { weight: 1, arbitrary: fc.constantFrom([0xff], [0xe2, 0x82], [0xc3], [0xf0, 0x9f], [0xef, 0xbb], [0x80]) },
    ),
    { maxLength: 40 },
  )
  .map((parts) => Uint8Array.from(parts.flat()))

describe('the parser and the prose of the standard', () => {
  it('agree on any text, cut anywhere', () => {
    fc.assert(
      fc.property(nastyStream, cuts, (stream, places) => {
        expect(read(...cutAt(stream, places))).toEqual(interpret(stream))
      }),
      { numRuns: 2000 },
    )
  })

  it('agree on any text, cut everywhere', () => {
    fc.assert(
      fc.property(nastyStream, (stream) => {
        expect(read(...cutEverywhere(stream))).toEqual(interpret(stream))
      }),
    )
  })

  it('agree on any bytes, cut anywhere', () => {
    const whole = new TextDecoder('utf-8', { ignoreBOM: true })
    fc.assert(
      fc.property(nastyBytes, cuts, (bytes, places) => {
        expect(readBytes(...cutAt(bytes, places))).toEqual(interpret(whole.decode(bytes)))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('what was encoded', () => {
  const value = fc.string({ unit: fc.constantFrom('a', ' ', ':', '\uFEFF', '\u00e9', '\u{1F600}', '\t', '-', '1') })
  const channel = value.filter((name) => name !== '')
  const data = fc.string({
    unit: fc.constantFrom(
      'a',
      ' ',
      ':',
      '\r',
      '\n',
      '\r\n',
      '\0',
      ',',
      '\uFEFF',
      '\u00e9',
      '\u20ac',
      '\u{1F600}',
      '\u2028',
    ),
  })
  const message = fc.record(
    { id: value, event: value, channel: fc.oneof(channel, fc.array(channel)), data },
    { requiredKeys: ['data'] },
  )

  it('comes back from text and from bytes, cut anywhere, with the line ends of the data made LF', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), cuts, (messages, places) => {
        const stream = messages.map(encodeEvent).join('')
        let id = ''
        const expected = messages.map((one) => {
          id = one.id ?? id
          const event = one.event === undefined || one.event === '' ? 'message' : one.event
          return { id, event, data: one.data.replace(/\r\n?/g, '\n'), channels: [one.channel ?? []].flat() }
        })
        for (const told of [read(...cutAt(stream, places)), readBytes(...cutAt(utf8.encode(stream), places))]) {
          expect(told.flatMap((one) => (one[0] === 'event' ? [one[1]] : []))).toEqual(expected)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('comes back in order whatever blocks stand side by side', () => {
    const block = fc.oneof(
      data.map((text) => encodeEvent({ data: text })),
      value.map(encodeId),
      fc.nat().map(encodeRetry),
      data.map(encodeComment),
    )
    fc.assert(
      fc.property(fc.array(block), cuts, (blocks, places) => {
        const stream = blocks.join('')
        expect(read(...cutAt(stream, places))).toEqual(interpret(stream))
      }),
    )
  })
})
