import { describe, expect, it } from 'vitest'
import { cutEverywhere } from './chunks.ts'
import { createRecord, read, readBytes, readData, readEvents } from './record.ts'

const utf8 = new TextEncoder()

describe('the examples of the standard', () => {
  it('joins the lines of one block', () => {
    expect(readData('data: YHOO\ndata: +2\ndata: 10\n\n')).toEqual(['YHOO\n+2\n10'])
  })

  it('reads four blocks: a comment, an id, a reset and a leading space', () => {
    expect(
      read(': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n'),
    ).toEqual([
      ['comment', 'test stream'],
      ['id', '1'],
      ['event', { id: '1', event: 'message', data: 'first event', channels: [] }],
      ['id', ''],
      ['event', { id: '', event: 'message', data: 'second event', channels: [] }],
      ['event', { id: '', event: 'message', data: ' third event', channels: [] }],
    ])
  })

  it('fires for data without a colon, and discards the block that never ends', () => {
    expect(readData('data\n\ndata\ndata\n\ndata:')).toEqual(['', '\n'])
  })

  it('fires two identical events with and without the space', () => {
    expect(readData('data:test\n\ndata: test\n\n')).toEqual(['test', 'test'])
  })
})

describe('the id', () => {
  it('persists over later events', () => {
    expect(readEvents('id: 1\ndata: a\n\ndata: b\n\n').map(({ id }) => id)).toEqual(['1', '1'])
  })

  it.each(['id', 'id:', 'id: '])('is reset by an empty field: "%s"', (line) => {
    expect(readEvents(`id: 1\ndata: a\n\n${line}\ndata: b\n\ndata: c\n\n`).map(({ id }) => id)).toEqual(['1', '', ''])
  })

  it('moves with a block that has no data and fires nothing', () => {
    expect(read('id: 7\n\n')).toEqual([['id', '7']])
    expect(readEvents('id: 7\n\ndata: a\n\n').map(({ id }) => id)).toEqual(['7'])
  })

  it('is told of once, and before the event of its block', () => {
    expect(read('data: a\nid: 1\n\nid: 1\n\n')).toEqual([
      ['id', '1'],
      ['event', { id: '1', event: 'message', data: 'a', channels: [] }],
    ])
  })

  it('is ignored with a null in it', () => {
    expect(readEvents('id: 1\nid: 2\0\ndata: a\n\n').map(({ id }) => id)).toEqual(['1'])
  })

  it('does not move before the blank line', () => {
    const { parser, told } = createRecord()
    parser.push('id: 1\n')
    expect(parser.lastEventId).toBe('')
    expect(told).toEqual([])
    parser.push('\n')
    expect(parser.lastEventId).toBe('1')
  })

  it('is the last one of its block', () => {
    expect(read('id: 1\nid: 2\n\n')).toEqual([['id', '2']])
  })

  it('of an earlier stream survives the blocks that have none', () => {
    const { parser, told } = createRecord({ lastEventId: '5-0' })
    parser.push('retry: 10\n\n:\n\ndata: a\n\nid: 5-0\n\n')
    expect(parser.lastEventId).toBe('5-0')
    expect(told).toEqual([
      ['retry', 10],
      ['comment', ''],
      ['event', { id: '5-0', event: 'message', data: 'a', channels: [] }],
    ])
  })

  it('of an earlier stream can be reset', () => {
    const { parser, told } = createRecord({ lastEventId: '5-0' })
    parser.push('id\n\n')
    expect(told).toEqual([['id', '']])
  })
})

describe('data', () => {
  it('alone is an empty string', () => {
    expect(readData('data\n\n', 'data:\n\n', 'data: \n\n')).toEqual(['', '', ''])
  })

  it('is needed to fire: a block without it fires nothing', () => {
    expect(read('event: a\n\n\n\n\nchannel: b\n\n')).toEqual([])
  })

  it('is discarded in a block that does not end', () => {
    expect(readData('data: a\n')).toEqual([])
    expect(readData('data: a\n\ndata: b')).toEqual(['a'])
  })

  it('loses exactly one leading space', () => {
    expect(readData('data:  a \n\n', 'data:\ta\n\n')).toEqual([' a ', '\ta'])
  })

  it('keeps its colons', () => {
    expect(readData('data:a:b: c\n\n', 'data::\n\n')).toEqual(['a:b: c', ':'])
  })

  it('becomes U+FFFD where bytes are not UTF-8', () => {
    const bytes = Uint8Array.from([...utf8.encode('data: '), 0xff, 0xe2, 0x82, 0x0a, 0x0a])
    expect(readBytes(bytes)).toEqual(read('data: \uFFFD\uFFFD\n\n'))
    expect(readBytes(...cutEverywhere(bytes))).toEqual(readBytes(bytes))
  })

  it('may have very many lines', () => {
    const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index}`)
    expect(readData(`${lines.map((line) => `data: ${line}\n`).join('')}\n`)).toEqual([lines.join('\n')])
    expect(readData(`${'data\n'.repeat(10_000)}\n`)).toEqual(['\n'.repeat(9_999)])
  })

  it('may come in very many chunks, in time in proportion to its length', () => {
    const { parser, told } = createRecord()
    parser.push('data: ')
    // To search the line anew at each chunk would be to read 500 GB.
    for (let count = 0; count < 2 ** 18; count += 1) parser.push(`${count % 10}123456789abcdef`)
    parser.push('\n\n')
    const [only] = told.flatMap((one) => (one[0] === 'event' ? [one[1].data] : []))
    expect(only).toHaveLength(2 ** 22)
    expect(only?.slice(16 * 255, 16 * 257)).toBe('5123456789abcdef6123456789abcdef')
  })
})

describe('the event name', () => {
  it('is message where there is none', () => {
    expect(readEvents('data: a\n\n')[0]?.event).toBe('message')
  })

  it.each(['event', 'event:', 'event: ', 'event: a\nevent:'])('is message where it is empty: "%s"', (lines) => {
    expect(readEvents(`${lines}\ndata: a\n\n`)[0]?.event).toBe('message')
  })

  it('counts for its own block only, fired or not', () => {
    expect(readEvents('event: a\ndata: 1\n\ndata: 2\n\nevent: b\n\ndata: 3\n\n').map(({ event }) => event)).toEqual([
      'a',
      'message',
      'message',
    ])
  })
})

describe('the channel field', () => {
  it('lists the channels of the message', () => {
    expect(readEvents('channel: a,b.1\ndata: 1\n\n')[0]?.channels).toEqual(['a', 'b.1'])
  })

  it('counts for its own block only, fired or not', () => {
    const stream = 'channel: a\ndata: 1\n\ndata: 2\n\nchannel: b\n\ndata: 3\n\n'
    expect(readEvents(stream).map(({ channels }) => channels)).toEqual([['a'], [], []])
  })

  it('has no empty names', () => {
    expect(readEvents('channel: ,a,,\ndata: 1\n\nchannel\ndata: 2\n\n').map(({ channels }) => channels)).toEqual([
      ['a'],
      [],
    ])
  })
})

describe('retry', () => {
  it('takes effect at its line, in the middle of a block', () => {
    expect(read('retry: 1000\nretry:02000\n')).toEqual([
      ['retry', 1000],
      ['retry', 2000],
    ])
  })

  it.each(['', ' ', ' 1', '1 ', '+1', '-1', '1.5', '1e3', '0x10', '\u0661', '1000x'])('ignores "%s"', (value) => {
    expect(read(`retry: ${value}\n\n`)).toEqual([])
  })

  it('is finite however many digits it has', () => {
    expect(read(`retry: ${'9'.repeat(400)}\n`)).toEqual([['retry', Number.MAX_SAFE_INTEGER]])
  })
})

describe('what is no field', () => {
  it.each(['Data: a', 'DATA: a', ' data: a', 'data : a', 'dat: a', 'datax: a', 'ids', 'foo', 'foo: bar'])(
    'is ignored: "%s"',
    (line) => {
      expect(read(`${line}\n\n`)).toEqual([])
    },
  )

  it('is a comment if it begins with a colon', () => {
    expect(read(':a\n: b\n:  c\n:\n: data: d\n')).toEqual([
      ['comment', 'a'],
      ['comment', 'b'],
      ['comment', ' c'],
      ['comment', ''],
      ['comment', 'data: d'],
    ])
  })

  it('does not end the block it stands in', () => {
    expect(readData('data: a\n: comment\nfoo: bar\ndata: b\n\n')).toEqual(['a\nb'])
  })
})
