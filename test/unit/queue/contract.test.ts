import { memoryQueue } from '../../../src/queue/memory.ts'
import { queueContract } from '../../contract/queue.ts'
import { ManualClock, turn } from '../../support/manual-clock.ts'

queueContract('the memory queue', () => {
  const clock = new ManualClock()
  return {
    queue: memoryQueue({ clock, concurrency: 3 }),
    concurrency: 3,
    async pass(ms) {
      clock.advance(ms)
      await turn()
    },
  }
})
