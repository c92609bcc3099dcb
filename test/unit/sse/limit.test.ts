import { describe, expect, it } from 'vitest'
import { createParser } from '../../../src/sse/parse.ts'
import { createRecord } from './record.ts'

describe('maxEventLength', () => {
  const tooLong = expect.objectContaining({ code: 'stream_invalid', data: { maxEventLength: 20 } })

  it.each([
    ['a line that does not end', ['data: ', 'x'.repeat(15)]],
    ['a line that ends', [`data: ${'x'.repeat(15)}\n`]],
    ['a comment', [`:${'x'.repeat(20)}\n`]],
    ['many short lines of data', ['data: xx\n'.repeat(6)]],
    ['fields together', [`id: ${'x'.repeat(12)}\n`, `event: ${'x'.repeat(5)}\n`]],
  ])('is passed by %s', (_, chunks) => {
    const { parser } = createRecord({ maxEventLength: 20 })
    expect(() => {
      for (const chunk of chunks) parser.push(chunk)
    }).toThrow(tooLong)
  })

  it('is for one event: a stream may be longer', () => {
    const { parser, told } = createRecord({ maxEventLength: 20 })
    parser.push(`data: ${'x'.repeat(14)}\n\n:\n`.repeat(100))
    expect(told).toHaveLength(200)
  })

  it('lets the events before it through, and nothing after it', () => {
    const { parser, told } = createRecord({ maxEventLength: 20 })
    expect(() => parser.push(`data: a\n\ndata: ${'x'.repeat(20)}\n\ndata: b\n\n`)).toThrow(tooLong)
    expect(() => parser.push('data: c\n\n')).toThrow(tooLong)
    expect(told).toHaveLength(1)
  })

  it.each([0, -1, Number.NaN])('is refused as %d', (maxEventLength) => {
    expect(() => createParser({}, { maxEventLength })).toThrow(expect.objectContaining({ code: 'option_invalid' }))
  })
})
