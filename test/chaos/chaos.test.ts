import { describe, test } from 'vitest'
import type { ProfileName } from './profiles.ts'
import { tell } from './report.ts'
import { run } from './run.ts'

/** Short runs with seeds that stay the same. `node scripts/chaos.js` has long ones, with others. */
const runs: readonly (readonly [profile: ProfileName, seed: number])[] = [
  ['memory', 1],
  ['memory-steady', 2],
  ['memory-short', 3],
  ['disk', 4],
  ['disk-short', 3],
  ['disk-issue', 5],
  ['redis', 6],
  ['redis-short', 7],
  ['redis-issue', 1],
  ['redis-empty', 8],
  ['redis-failover', 9],
  ['memory-workers', 10],
  ['disk-workers', 11],
  ['redis-workers', 12],
]

describe.concurrent('under faults', () => {
  test.for(runs)('%s, seed %i: nothing is lost, doubled or out of order', async ([profile, seed], { expect }) => {
    const done = await run({ profile, seed, seconds: 8 })

    expect(done.violations.slice(0, 3).map((violation) => tell(violation, done))).toEqual([])
  })
})
