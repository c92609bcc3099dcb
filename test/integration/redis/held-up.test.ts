import { afterAll, beforeAll, expect, test } from 'vitest'
import { redis } from '../../../src/broker/redis/redis.ts'
import { defaultRetention } from '../../../src/broker/retention.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'

/** A process that has no time to read what has come. */

let server: RedisServer

beforeAll(async () => {
  server = await startRedis()
})

afterAll(async () => {
  await server.stop()
})

function holdUp(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test('an answer that has come in time, and is read late, counts', async () => {
  const broker = redis(server.url, { prefix: 'held:', onError: () => {} })
  try {
    await broker.head()
    const appended = broker.append({ channels: ['a'], data: '1', retention: [defaultRetention], wait: 0 })
    // Written at the end of a turn or two; then nothing is read for longer than is waited for an answer.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    holdUp(2_500)
    expect(await appended).toMatch(/^\d+-\d+$/)
  } finally {
    await broker.close()
  }
})
