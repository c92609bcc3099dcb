import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type BullmqConnection, bullmq } from '../../src/queue/bullmq/bullmq.ts'
import { queueContract } from '../../src/testing/queue-contract.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

interface Way {
  readonly how: string
  connect(url: string): Promise<{ readonly connection: BullmqConnection; end?(): Promise<void> }>
}

const ways: readonly Way[] = [
  { how: 'a URL', connect: async (url) => ({ connection: url }) },
  {
    how: 'a client of the package redis',
    async connect(url) {
      const client = createClient({ url })
      await client.connect()
      return { connection: client, end: () => client.close() }
    },
  },
]

describe.each(ways)('the queue on Redis by $how', ({ connect }) => {
  let server: RedisServer
  let queues = 0

  beforeAll(async () => {
    server = await startRedis()
  })

  afterAll(async () => {
    await server.stop()
  })

  queueContract({
    test,
    isDurable: true,
    async create() {
      const prefix = `queue${queues++}:`
      const ends: (() => Promise<void>)[] = []
      const open = async () => {
        const { connection, end } = await connect(server.url)
        if (end !== undefined) ends.push(end)
        return bullmq(connection, { prefix })
      }
      return {
        queue: await open(),
        // The time of a job is measured by clocks that no test has.
        pass: (ms) => sleep(ms),
        another: open,
        async cleanUp() {
          for (const end of ends) await end()
        },
      }
    },
  })
})
