import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redis } from '../../src/broker/redis/redis.ts'
import { brokerContract } from '../../src/testing/broker-contract.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisCommand } from '../support/redis-command.ts'

describe.each([
  { how: 'functions', args: [], loaded: 1 },
  { how: 'scripts, where the server has no functions', args: ['--rename-command', 'FUNCTION', ''], loaded: 0 },
])('the Redis broker with $how', ({ args, loaded }) => {
  let server: RedisServer
  let logs = 0

  beforeAll(async () => {
    server = await startRedis({ args })
  })

  afterAll(async () => {
    await server.stop()
  })

  brokerContract({
    test,
    async create() {
      // The age of an entry is measured by the server's clock, so time really has to pass.
      return { broker: redis(server.url, { prefix: `log${logs++}:` }), pass: (ms) => sleep(ms) }
    },
  })

  test('runs as it should', async () => {
    const functions = await redisCommand(server, ['FUNCTION', 'LIST']).catch(() => [])
    expect(functions).toHaveLength(loaded)
  })
})
