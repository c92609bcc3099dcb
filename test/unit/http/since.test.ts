import { expect, test } from 'vitest'
import { parseSince } from '../../../src/http/since.ts'

const now = Date.UTC(2026, 10, 22, 12)

test.for([
  ['250ms', now - 250],
  ['30s', now - 30_000],
  ['10m', now - 600_000],
  ['2h', now - 7_200_000],
  ['1d', now - 86_400_000],
  ['99999999d', 0],
  ['1763791234567', 1_763_791_234_567],
  ['2026-11-22T10:00:00Z', now - 7_200_000],
  ['2026-11-22', Date.UTC(2026, 10, 22)],
] as const)('since=%s is a time', ([text, time]) => {
  expect(parseSince(text, now)).toBe(time)
})

test.for(['', 'yesterday', '-5m', '5 m', '1.5h', '10M', '2026-13-01', 'November 22, 2026', '1e3', '٣m'])(
  'since=%s is none',
  (text) => {
    expect(() => parseSince(text, now)).toThrow(/is not understood.*10m/)
  },
)
