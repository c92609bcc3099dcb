import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { diskQueue } from '../../src/queue/disk/disk-queue.ts'
import { queueContract } from '../../src/testing/queue-contract.ts'
import { ManualClock } from '../support/manual-clock.ts'

queueContract({
  test,
  isDurable: true,
  async create() {
    const clock = new ManualClock(Date.now())
    const dir = await mkdtemp(join(tmpdir(), 'millrace-queue-'))
    const open = () => diskQueue(dir, { clock })
    return {
      queue: open(),
      another: async () => open(),
      pass: async (ms) => clock.advance(ms),
      cleanUp: () => rm(dir, { recursive: true }),
    }
  },
})
