import { test } from 'vitest'
import { memoryQueue } from '../../src/queue/memory.ts'
import { queueContract } from '../../src/testing/queue-contract.ts'
import { ManualClock, turn } from '../support/manual-clock.ts'

queueContract({
  test,
  isDurable: false,
  async create() {
    const clock = new ManualClock()
    return {
      queue: memoryQueue({ clock, onError: () => {} }),
      async pass(ms) {
        clock.advance(ms)
        await turn()
      },
    }
  },
})
