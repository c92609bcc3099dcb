import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { controlEvents, encodeGap, gapReasons, isReservedEventName, parseGap } from '../../../src/sse/control.ts'
import { createRecord } from './record.ts'

describe('isReservedEventName', () => {
  it.each([...Object.values(controlEvents), 'millrace:', 'millrace:anything', 'open', 'error'])(
    'is so of %s',
    (name) => {
      expect(isReservedEventName(name)).toBe(true)
    },
  )

  it.each(['message', '', 'millrace', 'Millrace:gap', 'Open', 'errors', 'x.millrace:gap'])(
    'is not so of "%s"',
    (name) => {
      expect(isReservedEventName(name)).toBe(false)
    },
  )
})

describe('a gap', () => {
  it('is a control event with its reason and channels, and no id', () => {
    expect(encodeGap({ channels: ['news', 'rooms.1'], reason: 'expired' })).toBe(
      'event: millrace:gap\ndata: {"reason":"expired","channels":["news","rooms.1"]}\n\n',
    )
  })

  it('leaves the cursor of its reader where it was', () => {
    const { parser, told } = createRecord({ lastEventId: '7-0' })
    parser.push(encodeGap({ channels: ['news'], reason: 'lost' }))
    expect(parser.lastEventId).toBe('7-0')
    expect(told).toEqual([
      ['event', { id: '7-0', event: 'millrace:gap', data: '{"reason":"lost","channels":["news"]}', channels: [] }],
    ])
  })

  it('comes back as it was sent, whatever the channels are called', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...gapReasons),
        fc.array(fc.string({ unit: fc.constantFrom('a', '\r', '\n', '"', ',', '\0', '\u2028', '\u{1F600}') })),
        (reason, channels) => {
          const { parser, told } = createRecord()
          parser.push(encodeGap({ channels, reason }))
          expect(told.map((one) => (one[0] === 'event' ? parseGap(one[1].data) : one))).toEqual([{ channels, reason }])
        },
      ),
    )
  })

  it('with a reason of a newer hub is still a gap', () => {
    expect(parseGap('{"reason":"eclipse","channels":["a"],"more":1}')).toEqual({ reason: 'unknown', channels: ['a'] })
  })

  it.each(['', 'null', '[]', '"gap"', '{"reason":"lost"}', '{"channels":[]}', '{"reason":"lost","channels":[1]}', '{'])(
    'is refused where the data is none: %s',
    (data) => {
      expect(() => parseGap(data)).toThrow(expect.objectContaining({ code: 'stream_invalid' }))
    },
  )
})
