import { describe, expect, test } from 'vitest'
import type { Entry } from '../../../src/broker/port.ts'
import { parseAnnouncement as parseBytes } from '../../../src/broker/redis/announcement.ts'

function parseAnnouncement(text: string): Entry[] {
  return parseBytes(Buffer.from(text))
}

describe('an announcement', () => {
  test('of one message is its channels, what was before it, and its data as they are', () => {
    expect(parseAnnouncement('messages 1-1000001\n2-1000001 0\n{"a":"é 1 0"}')).toEqual([
      {
        position: '2-1000001',
        prev: ['1-1000001'],
        channels: ['messages'],
        data: '{"a":"é 1 0"}',
        event: undefined,
        key: undefined,
      },
    ])
  })

  test('of several names for each the one before it, in the channels that keep it', () => {
    const entries = parseAnnouncement(
      'a,b,c 1-1000001,-,1-3000001\n2-1000001 0\none\n2-2000001 0\ntwo\n2-3000001 0\nthree',
    )
    expect(entries.map(({ position, prev, data }) => [position, prev, data])).toEqual([
      ['2-1000001', ['1-1000001', null, '1-3000001'], 'one'],
      ['2-2000001', ['2-1000001', null, '2-1000001'], 'two'],
      ['2-3000001', ['2-2000001', null, '2-2000001'], 'three'],
    ])
  })

  test('has the event and the key on lines of their own, and data with as many line feeds as it says', () => {
    const entries = parseAnnouncement('a -\n- 2ek\nName 0\na key\none\n\nthree\n- 0k\nkey\n\n- 1e\nE\n\n\n- 0\n')
    expect(entries.map(({ event, key, data }) => [event, key, data])).toEqual([
      ['Name 0', 'a key', 'one\n\nthree'],
      [undefined, 'key', ''],
      ['E', undefined, '\n'],
      [undefined, undefined, ''],
    ])
    expect(entries.every(({ position, prev }) => position === null && prev[0] === null)).toBe(true)
  })

  test('has the trace after the key, on a line of its own', () => {
    const trace = { traceparent: '00-1', tracestate: 'k=1' }
    const line = JSON.stringify(trace)
    const entries = parseAnnouncement(
      `a -\n- 1ekt\nE\nk\n${line}\none\ntwo\n- 0t\n${line}\n\n- 0et\nE\nnone\nx\n- 0k\nt\n`,
    )
    expect(entries.map(({ event, key, trace, data }) => [event, key, trace, data])).toEqual([
      ['E', 'k', trace, 'one\ntwo'],
      [undefined, undefined, trace, ''],
      ['E', undefined, undefined, 'x'],
      [undefined, 't', undefined, ''],
    ])
  })

  test.each(['', 'x', 'a b', 'a\nb c\n', 'a 1-1,1-1\n1-2 0\nx', 'a 1-1\nx\n', '{"p":"1-1","c":["a"],"v":["1-0"]}\nx'])(
    'is nothing else, such as %j',
    (text) => {
      expect(() => parseAnnouncement(text)).toThrow(SyntaxError)
    },
  )
})
