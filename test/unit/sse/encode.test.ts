import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../../src/base/errors.ts'
import {
  assertField,
  encodeComment,
  encodeEvent,
  encodeId,
  encodeRetry,
  type FieldName,
} from '../../../src/sse/encode.ts'
import { read, readData, readEvents } from './record.ts'

describe('encodeEvent', () => {
  it('writes id, event, channel and data in that order, and ends with a blank line', () => {
    expect(encodeEvent({ data: 'd', channel: 'c', event: 'e', id: '1-0' })).toBe(
      'id: 1-0\nevent: e\nchannel: c\ndata: d\n\n',
    )
  })

  it('leaves out the fields that are not given', () => {
    expect(encodeEvent({ data: 'd' })).toBe('data: d\n\n')
  })

  it('writes an id that is given as empty, because that resets the reader', () => {
    expect(encodeEvent({ id: '', data: 'd' })).toBe('id: \ndata: d\n\n')
  })

  it('joins several channels by commas', () => {
    expect(encodeEvent({ channel: ['news', 'rooms.1'], data: 'd' })).toBe('channel: news,rooms.1\ndata: d\n\n')
  })

  it('writes no channel field for an empty list', () => {
    expect(encodeEvent({ channel: [], data: 'd' })).toBe('data: d\n\n')
  })

  it('gives each line of the data a field of its own, be it ended by CR, LF or CRLF', () => {
    expect(encodeEvent({ data: 'a\rb\nc\r\nd' })).toBe('data: a\ndata: b\ndata: c\ndata: d\n\n')
  })

  it('keeps empty lines, at the beginning, in the middle and at the end', () => {
    expect(encodeEvent({ data: '\na\n\n\rb\n' })).toBe('data: \ndata: a\ndata: \ndata: \ndata: b\ndata: \n\n')
  })

  it('takes LF CR for two line ends', () => {
    expect(encodeEvent({ data: 'a\n\rb' })).toBe('data: a\ndata: \ndata: b\n\n')
  })

  it('fires an event for empty data', () => {
    expect(readData(encodeEvent({ data: '' }))).toEqual([''])
  })

  it.each([
    ['begins with a space', ' a'],
    ['begins with two spaces', '  a'],
    ['is one space', ' '],
    ['begins with a colon', ': a'],
    ['looks like fields', 'id: 9\nevent: x\n\ndata: y'],
    ['begins with a byte order mark', '\uFEFFa'],
    ['holds a null', 'a\0b'],
    ['holds line separators that are none in an event stream', 'a\u2028b\u2029c\u0085d\u000be\u000cf'],
  ])('carries data unchanged that %s', (_, data) => {
    expect(readData(encodeEvent({ data }))).toEqual([data])
  })

  it('carries fields unchanged that begin with a space', () => {
    expect(readEvents(encodeEvent({ id: ' 1', event: ' e', channel: [' a', ' b '], data: 'd' }))).toEqual([
      { id: ' 1', event: ' e', data: 'd', channels: [' a', ' b '] },
    ])
  })

  it('never yields a frame that parses to more than one event, whatever the data', () => {
    const nasty = fc.string({
      unit: fc.constantFrom('\r', '\n', '\r\n', 'data:', 'id: 9', ':', ' ', '\0', '\uFEFF', 'event', 'retry: 1', 'x'),
    })
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string({ unit: 'binary' })), (data) => {
        const told = read(encodeEvent({ id: '1-0', event: 'e', channel: 'c', data }))
        expect(told).toEqual([
          ['id', '1-0'],
          ['event', { id: '1-0', event: 'e', data: data.replace(/\r\n?/g, '\n'), channels: ['c'] }],
        ])
      }),
    )
  })
})

describe('encodeId', () => {
  it('moves the last event id and fires nothing', () => {
    expect(encodeId('5-1')).toBe('id: 5-1\n\n')
    expect(read(encodeId('5-1'))).toEqual([['id', '5-1']])
  })
})

describe('encodeRetry', () => {
  it('tells the reader how long to wait, and fires nothing', () => {
    expect(encodeRetry(3000)).toBe('retry: 3000\n\n')
    expect(read(encodeRetry(0))).toEqual([['retry', 0]])
  })

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e21])('refuses %d, which readers would ignore', (ms) => {
    expect(() => encodeRetry(ms)).toThrow(expect.objectContaining({ code: 'field_invalid' }))
  })
})

describe('encodeComment', () => {
  it('is a bare colon without a text', () => {
    expect(encodeComment()).toBe(':\n\n')
    expect(encodeComment('')).toBe(':\n\n')
  })

  it('is a comment line for each line of the text', () => {
    expect(encodeComment('a\r\nb\rdata: c')).toBe(': a\n: b\n: data: c\n\n')
  })

  it('never fires an event, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('\r', '\n', 'data: x', 'id: 1', ' ', ':') }), (text) => {
        const told = read(encodeComment(text))
        expect(told).toEqual(text.split(/\r\n|\r|\n/).map((line) => ['comment', line]))
      }),
    )
  })
})

describe('assertField', () => {
  const names: readonly FieldName[] = ['id', 'event', 'channel', 'key']

  it.each(names)('lets an ordinary %s pass, be it empty or not ASCII', (name) => {
    for (const value of ['', ' ', 'a b', 'caf\u00e9', '\u{1F600}', 'a:b', '\u2028', '\uFEFF', '\t'])
      assertField(name, value)
  })

  it.each(
    names.flatMap((name) => [
      [name, 'a carriage return (U+000D)', '\r'] as const,
      [name, 'a line feed (U+000A)', '\n'] as const,
      [name, 'a null (U+0000)', '\0'] as const,
    ]),
  )('refuses an %s that holds %s', (name, description, character) => {
    const fault = catchFault(() => assertField(name, `ab${character}data: forged`))
    expect(fault.code).toBe('field_invalid')
    expect(fault.message).toContain(`The ${name} "ab`)
    expect(fault.message).toContain(`holds ${description} at index 2.`)
    expect(fault.data).toEqual({ field: name, index: 2, codePoint: character.charCodeAt(0) })
  })

  it('refuses a channel with a comma, which would be read as two', () => {
    const fault = catchFault(() => assertField('channel', 'a,b'))
    expect(fault.data).toEqual({ field: 'channel', index: 1, codePoint: 0x2c })
    expect(() => assertField('event', 'a,b')).not.toThrow()
  })

  it('says nothing over several lines, whatever it was given', () => {
    expect(catchFault(() => assertField('event', 'a\r\nb')).message).not.toMatch(/[\r\n\0]/)
  })
})

function catchFault(run: () => void): MillraceError {
  try {
    run()
  } catch (error) {
    if (error instanceof MillraceError) return error
    throw error
  }
  throw new Error('It threw nothing.')
}
