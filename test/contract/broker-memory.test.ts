import { test } from 'vitest'
import { memory } from '../../src/broker/memory/memory.ts'
import { brokerContract } from '../../src/testing/broker-contract.ts'
import { ManualClock } from '../support/manual-clock.ts'

brokerContract({
  test,
  async create() {
    const clock = new ManualClock(Date.now())
    return {
      broker: memory({ clock }),
      pass: async (ms) => clock.advance(ms),
    }
  },
})
