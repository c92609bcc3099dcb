import { expect, test } from 'vitest'
import { readWait } from '../../../src/http/prefer.ts'

test.each([
  ['wait=10', 10_000],
  ['wait=0', 0],
  ['WAIT = "3"', 3_000],
  ['respond-async, wait=5; x=y', 5_000],
  ['wait=100000', 60_000],
])('Prefer: %s means %d ms', (header, ms) => {
  expect(readWait(header)).toBe(ms)
})

test.each([undefined, '', 'wait', 'wait=soon', 'wait=-1', 'await=3', 'return=minimal'])(
  'Prefer: %s says nothing of it',
  (header) => {
    expect(readWait(header)).toBeUndefined()
  },
)
