import { describe, expect, it } from 'vitest'
import { cutEverywhere } from './chunks.ts'
import { read, readBytes, readData } from './record.ts'

const utf8 = new TextEncoder()

describe('line ends', () => {
  const mixed = 'data: 1\rdata: 2\ndata: 3\r\ndata: 4\n\rdata: 5\r\rdata: 6\r\n\r\ndata: 7\n\r\n'
  const expected = ['1\n2\n3\n4', '5', '6', '7']

  it('are CR, LF and CRLF, mixed', () => {
    expect(readData(mixed)).toEqual(expected)
  })

  it('are the same when every character comes alone', () => {
    expect(readData(...cutEverywhere(mixed))).toEqual(expected)
  })

  it('count a CRLF once that is split over chunks, even with an empty chunk between', () => {
    expect(readData('data: a\r', '', '\ndata: b\r', '\n', '\r', '', '\n')).toEqual(['a\nb'])
  })

  it('fire at once where a chunk ends with CR, without waiting for a LF', () => {
    expect(readData('data: a\r\r')).toEqual(['a'])
  })

  it('do not swallow a LF that begins a chunk after a LF', () => {
    expect(readData('data: a\n', '\n')).toEqual(['a'])
  })

  it('are no other characters', () => {
    expect(readData('data: a\u2028b\u2029c\u0085d\u000be\n\n')).toEqual(['a\u2028b\u2029c\u0085d\u000be'])
  })
})

describe('a byte order mark', () => {
  const mark = '\uFEFF'

  it('is stripped from the start of the stream', () => {
    expect(readData(`${mark}data: a\n\n`)).toEqual(['a'])
    expect(readData(mark, 'data: a\n\n')).toEqual(['a'])
    expect(readData('', mark, '', 'data: a\n\n')).toEqual(['a'])
  })

  it('is stripped from the start of bytes, even if these come one by one', () => {
    const bytes = utf8.encode(`${mark}data: a\n\n`)
    expect(readBytes(...cutEverywhere(bytes))).toEqual(readBytes(bytes))
    expect(readBytes(bytes)).toEqual([['event', { id: '', event: 'message', data: 'a', channels: [] }]])
  })

  it('is stripped once only, of text and of bytes', () => {
    const doubled = `${mark}${mark}data: a\n\ndata: b\n\n`
    expect(readData(doubled)).toEqual(['b'])
    expect(readBytes(utf8.encode(doubled))).toEqual(read(doubled))
  })

  it('is part of the field name anywhere else', () => {
    expect(readData(`data: a\n\n${mark}data: b\n\n`)).toEqual(['a'])
    expect(readData('data: a\n\n', `${mark}data: b\n\n`)).toEqual(['a'])
  })

  it('is kept in a value', () => {
    expect(readData(`data: ${mark}a${mark}\n\n`)).toEqual([`${mark}a${mark}`])
  })
})
