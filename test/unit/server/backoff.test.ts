import { expect, test } from 'vitest'
import { Backoff } from '../../../src/server/workers/backoff.ts'

test('a worker that dies early again and again is replaced later and later, up to half a minute', () => {
  const backoff = new Backoff()

  expect(Array.from({ length: 10 }, () => backoff.next(100))).toEqual([
    0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ])
})

test('one that has served for a while is replaced at once, whatever was before it', () => {
  const backoff = new Backoff()
  for (let death = 0; death < 5; death++) backoff.next(100)

  expect([backoff.next(5_000), backoff.next(5_000), backoff.next(100)]).toEqual([0, 0, 500])
})
