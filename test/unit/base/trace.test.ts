import { describe, expect, test } from 'vitest'
import { isTrace, maxTrace, parseTrace, toTrace } from '../../../src/base/trace.ts'

const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`

describe('a trace that is carried', () => {
  test('has the fields that have a value, unchanged', () => {
    const fields = [
      ['traceparent', traceparent],
      ['tracestate', undefined],
      ['baggage', ''],
      ['x', 'é "1"'],
    ] as const
    expect(toTrace(fields)).toEqual({ traceparent, x: 'é "1"' })
    expect(toTrace([])).toBeUndefined()
    expect(toTrace([['baggage', '']])).toBeUndefined()
  })

  test('has room for a tracestate as long as the standard wants it, and leaves out what is longer, whole', () => {
    const tracestate = `a=${'x'.repeat(510)}`
    const trace = toTrace([
      ['traceparent', traceparent],
      ['tracestate', tracestate],
      ['baggage', `b=${'"'.repeat(300)}`],
      ['small', '1'],
    ])
    expect(trace).toEqual({ traceparent, tracestate, small: '1' })
    expect(toTrace([['baggage', 'b'.repeat(maxTrace)]])).toBeUndefined()
  })

  test('is never longer than its limit as JSON, and as long as that', () => {
    for (let length = maxTrace - 100; length < maxTrace; length++) {
      const trace = toTrace([
        ['a', '\n"'],
        ['b', 'x'.repeat(length)],
      ])
      expect(JSON.stringify(trace).length).toBeLessThanOrEqual(maxTrace)
      expect(isTrace(trace)).toBe(true)
    }
    const longest = { b: 'x'.repeat(maxTrace - '{"b":""}'.length) }
    expect(toTrace(Object.entries(longest))).toEqual(longest)
  })

  test('is found again in its JSON', () => {
    const trace = { traceparent, x: 'é\n"' }
    expect(parseTrace(JSON.stringify(trace))).toEqual(trace)
  })

  test.each([undefined, '', 'x', '{', 'null', '5', '"text"', '["a"]', '{"a":1}', '{"a":{}}'])(
    'is not there where something else was kept, such as %j',
    (text) => {
      expect(parseTrace(text)).toBeUndefined()
    },
  )

  test('is not there where it is longer than a trace may be', () => {
    expect(parseTrace(JSON.stringify({ a: 'x'.repeat(maxTrace) }))).toBeUndefined()
  })
})
