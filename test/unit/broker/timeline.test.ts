import { expect, test } from 'vitest'
import { comparePositions, positionAt } from '../../../src/broker/position.ts'
import { newTag, nextPosition, partedAt, startAt, type Timeline, timelineOf } from '../../../src/broker/timeline.ts'

test('positions of a timeline name it, and rise however the clock goes', () => {
  let last = startAt(1_000, 7)
  for (const now of [1_000, 1_000, 1_001, 999, 1_001, 2_000]) {
    const next = nextPosition(last, now, 7)
    expect(comparePositions(next, last)).toBeGreaterThan(0)
    expect(timelineOf(next)).toBe(7)
    last = next
  }
  expect(last).toBe('2000-1000007')
})

test('the first position of a new timeline is after the last of the one before, in the same millisecond too', () => {
  const last = nextPosition(startAt(1_000, 999_999), 1_000, 999_999)
  expect(comparePositions(nextPosition(last, 1_000, 1), last)).toBeGreaterThan(0)
})

test('a new tag is none of those remembered', () => {
  const all = Array.from({ length: 500_000 }, (_, index): Timeline => ({ tag: index + 1, begin: '1-0', parent: '1-0' }))
  expect(newTag(all)).toBeGreaterThan(500_000)
})

// Written by three: 1 from 100, 2 from 300 on what 1 had at 200, 3 from 500 on what 2 had at 400.
const timelines: readonly Timeline[] = [
  { tag: 1, begin: '100-1000001', parent: '100-1000001' },
  { tag: 2, begin: '300-1000002', parent: '200-1000001' },
  { tag: 3, begin: '500-1000003', parent: '400-1000002' },
]
const head = '600-1000003'

test.each([
  ['100-1000001', 'the start'],
  ['200-1000001', 'the last that the first and the second share'],
  ['300-1000002', 'the first of the second'],
  ['400-1000002', 'the last that the second and the third share'],
  ['600-1000003', 'the head'],
  [positionAt(250), 'a time'],
])('%s, %s, is of this log', (cursor) => {
  expect(partedAt(timelines, head, cursor)).toBeUndefined()
})

test.each([
  ['200-2000001', '200-1000001', 'just after the branch'],
  ['250-1000001', '200-1000001', 'of the first, when the second had not begun'],
  ['350-1000001', '200-1000001', 'of the first, among what the second gave'],
  ['550-1000001', '200-1000001', 'of the first, among what the third gave'],
  ['900-1000001', '200-1000001', 'of the first, ahead of the log'],
  ['400-2000002', '400-1000002', 'of the second, past its end'],
  ['600-2000003', '600-1000003', 'of the third, ahead of the log'],
  ['350-1000009', '350-1000009', 'of one that this log has never heard of'],
  ['900-1000009', '600-1000003', 'of one that this log has never heard of, ahead of it'],
  ['050-1000001', '050-1000001', 'from before all that is remembered'],
])('%s is lost, and goes on from %s: %s', (cursor, from) => {
  expect(partedAt(timelines, head, cursor)).toBe(from)
})
