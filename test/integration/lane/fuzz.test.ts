import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requests } from './support/requests.ts'
import { startTwins, type Twins } from './support/twins.ts'

/** More of them: `REQUESTS=100000 SEED=7 npm test -- test/integration/lane`. */
const numRuns = Number(process.env.REQUESTS ?? 1_000)
const seed = Number(process.env.SEED ?? 1)

let twins: Twins

beforeAll(async () => {
  twins = await startTwins()
})

afterAll(() => twins.close())

test('whatever is sent, the lane answers as the HTTP server would', { timeout: 30_000 + 50 * numRuns }, async () => {
  await fc.assert(
    fc.asyncProperty(requests(), (pieces) => twins.compare(pieces)),
    { numRuns, seed },
  )

  // Or it would be the HTTP server that was compared with itself.
  expect(twins.taken).toBeGreaterThan(numRuns / 20)
})
