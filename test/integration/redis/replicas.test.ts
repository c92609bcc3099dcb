import { afterEach, beforeEach, expect, test } from 'vitest'
import { redis } from '../../../src/broker/redis/redis.ts'
import { defineChannel } from '../../../src/channels/define.ts'
import type { Hub } from '../../../src/hub/api.ts'
import { createHub } from '../../../src/hub/hub.ts'
import { join } from '../../support/reader.ts'
import { redisCommand } from '../../support/redis-command.ts'
import { until } from '../../support/until.ts'
import { type Pair, startPair } from './pair.ts'
import { joinPlaced } from './placed.ts'

let pair: Pair
let hubs: Hub[] = []

beforeEach(async () => {
  pair = await startPair()
})

afterEach(async () => {
  await Promise.all(hubs.map((hub) => hub.close()))
  hubs = []
  await pair.stop()
})

function startHub(): Hub {
  const hub = createHub({
    channels: [defineChannel('*'), defineChannel('now', { history: 0 })],
    broker: redis(pair.url, { minReplicas: 1, onError: () => {} }),
    onError: () => {},
  })
  hubs.push(hub)
  return hub
}

test('a message counts as published when so many replicas have it', async () => {
  const hub = startHub()
  const positions = await Promise.all(Array.from({ length: 200 }, (_, n) => hub.publish('a', String(n))))
  await pair.master.kill('SIGKILL')
  await pair.promote()
  expect(await redisCommand(pair.replica, ['XLEN', 'millrace:stream:a'])).toBe(200)
  expect(await redisCommand(pair.replica, ['HGET', 'millrace:log', 'position'])).toBe(positions.at(-1))
})

test('where they do not, the publish says how many have it; again with its id it is one message, and they are asked again', async () => {
  const [one, other] = [startHub(), startHub()]
  const reader = await joinPlaced(one, ['a'])
  await one.publish('a', '1')
  await pair.replica.kill('SIGSTOP')
  const failure = { code: 'replicas_too_few', status: 503, data: { replicas: 0, minReplicas: 1 } }
  await expect(one.publish('a', '2', { id: 'two' })).rejects.toMatchObject(failure)
  // Also on a connection that has written nothing itself, for which WAIT has nothing to wait for.
  await expect(other.publish('a', '2', { id: 'two' })).rejects.toMatchObject(failure)
  await pair.replica.kill('SIGCONT')
  const position = await other.publish('a', '2', { id: 'two' })
  expect(position).toMatch(/^\d+-\d+$/)
  expect(await redisCommand(pair.replica, ['GET', 'millrace:id:two'])).toBe(position)
  await one.publish('a', '3')
  await until('all', async () => reader.log.includes('3') || undefined)
  expect(reader.log).toEqual(['1', '2', '3'])
})

test('reading goes on while replicas are waited for, and what nobody keeps waits for none', async () => {
  const hub = startHub()
  await hub.publish('a', '1')
  await pair.replica.kill('SIGSTOP')
  const publishing = hub.publish('a', '2').catch(() => 'failed')
  const reader = await join(hub, { channels: ['a'], since: 0 })
  const first = await Promise.race([publishing, until('1', async () => reader.log[0])])
  expect(first).toBe('1')
  await publishing
  expect(await hub.publish('now', 'x')).toBeNull()
})
