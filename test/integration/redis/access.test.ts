import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { redis } from '../../../src/broker/redis/redis.ts'
import { defineChannel } from '../../../src/channels/define.ts'
import { createHub } from '../../../src/hub/hub.ts'
import { join } from '../../support/reader.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { redisCommand } from '../../support/redis-command.ts'
import { until } from '../../support/until.ts'
import { joinPlaced } from './placed.ts'

let server: RedisServer
/** The rights that docs/redis.md gives to a user for Millrace. */
let documented: readonly string[]

beforeAll(async () => {
  server = await startRedis()
  const text = await readFile(fileURLToPath(new URL('../../../docs/redis.md', import.meta.url)), 'utf8')
  const rights = /ACL SETUSER millrace on '>secret' (.*)/.exec(text)?.[1] ?? ''
  documented = rights.replaceAll("'", '').split(' ')
})

afterAll(async () => {
  await server.stop()
})

test.each([
  { name: 'functions', more: [] },
  { name: 'scripts', more: ['-fcall', '-fcall_ro', '-function|load', '+evalsha', '+script|load'] },
  { name: 'noinfo', more: ['-info'] },
  { name: 'bare', more: ['-info', '-fcall', '-fcall_ro', '-function|load', '+evalsha', '+script|load'] },
])('a hub does all that it does with the rights that are documented: $name', async ({ name, more }) => {
  await redisCommand(server, ['FLUSHALL'])
  await redisCommand(server, ['ACL', 'SETUSER', name, 'reset', 'on', '>secret', ...documented, ...more])
  const errors: unknown[] = []
  const hub = createHub({
    channels: [defineChannel('*')],
    broker: redis(`redis://${name}:secret@127.0.0.1:${server.port}`),
    history: { count: 2, bytes: 3 },
    onError: (error) => errors.push(error),
  })
  try {
    const reader = await joinPlaced(hub, ['a', 'b'])
    for (let n = 1; n <= 3; n++) await hub.publish(['a', 'b'], `${n}${n}`, { id: String(n) })
    // As another process would find it.
    await redisCommand(server, ['HSET', 'millrace:log', 'writer', 'x/1'])
    await hub.publish('a', '44')
    await until('all', async () => reader.log.includes('44') || undefined)
    expect(reader.log).toEqual(['11', '22', '33', '44'])
    const back = await join(hub, { channels: ['b'], since: 0 })
    await until('33', async () => back.log.includes('33') || undefined)
    expect(errors).toEqual([])
  } finally {
    await hub.close()
  }
})
