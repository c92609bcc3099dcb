import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { disk } from '../../src/broker/disk/disk.ts'
import { brokerContract } from '../../src/testing/broker-contract.ts'
import { ManualClock } from '../support/manual-clock.ts'

brokerContract({
  test,
  async create() {
    const clock = new ManualClock(Date.now())
    const dir = await mkdtemp(join(tmpdir(), 'millrace-disk-'))
    return {
      broker: disk(dir, { clock }),
      pass: async (ms) => clock.advance(ms),
      cleanUp: () => rm(dir, { recursive: true }),
    }
  },
})
