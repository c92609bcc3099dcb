import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Broker, Outgoing, Position } from '../../../src/broker/port.ts'
import { redis } from '../../../src/broker/redis/redis.ts'
import { defaultRetention } from '../../../src/broker/retention.ts'
import { createEar } from '../../../src/testing/ear.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { redisCommand } from '../../support/redis-command.ts'

/** What is appended in one turn goes to Redis in one call. */

let server: RedisServer
let broker: Broker
let logs = 0
let prefix = ''

beforeAll(async () => {
  server = await startRedis()
})

afterAll(async () => {
  await server.stop()
})

beforeEach(async () => {
  prefix = `together${logs++}:`
  broker = redis(server.url, { prefix, onError: () => {} })
  await broker.head()
})

afterEach(async () => {
  await broker.close()
})

function to(channels: readonly string[], data: string): Outgoing {
  return { channels, data, retention: channels.map(() => defaultRetention) }
}

async function calls(): Promise<number> {
  const info = String(await redisCommand(server, ['INFO', 'commandstats']))
  return Number(/cmdstat_fcall:calls=(\d+)/.exec(info)?.[1] ?? 0)
}

async function appendAll(messages: readonly Outgoing[]): Promise<PromiseSettledResult<Position | null>[]> {
  return Promise.allSettled(messages.map((message) => broker.append(message)))
}

test('messages of one turn are one call, on whichever channels they are', async () => {
  const before = await calls()
  await appendAll(Array.from({ length: 100 }, (_, n) => to([`c${n % 7}`], String(n))))
  expect(await calls()).toBe(before + 1)
})

test('many are several calls, so that Redis can do something else between them', async () => {
  const before = await calls()
  await appendAll(Array.from({ length: 600 }, (_, n) => to(['a'], String(n))))
  await appendAll(Array.from({ length: 5 }, () => to(['a'], 'x'.repeat(200_000))))
  expect(await calls()).toBe(before + 3 + 3)
})

test('of messages that follow on each other on the same channels one announcement goes out to each', async () => {
  const ear = createEar(broker)
  await ear.following.follow('a')
  const published = async () => {
    const info = String(await redisCommand(server, ['INFO', 'commandstats']))
    return Number(/cmdstat_publish:calls=(\d+)/.exec(info)?.[1] ?? 0)
  }
  const before = await published()
  await appendAll(['a', 'a', 'a', 'b', 'b', 'a'].map((channel, n) => to([channel], String(n))))
  expect((await ear.heard(4)).map(({ data }) => data)).toEqual(['0', '1', '2', '5'])
  expect(await published()).toBe(before + 3)
})

test('a message that Redis refuses is refused alone, and nothing of it is kept', async () => {
  await redisCommand(server, ['SET', `${prefix}stream:broken`, 'of another type'])
  await redisCommand(server, ['SET', `${prefix}meta:odd`, 'of another type'])
  const head = await broker.head()
  const results = await appendAll([
    to(['a'], '1'),
    { ...to(['a', 'broken'], 'refused'), id: 'order-1' },
    to(['a'], '2'),
    to(['odd'], 'refused'),
    to(['b'], '3'),
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'])
  for (const index of [1, 3])
    expect(results[index]).toMatchObject({
      reason: { code: 'broker_unavailable', message: expect.stringMatching(/Redis refused: WRONGTYPE/) },
    })
  const { entries } = await broker.read(head, ['a', 'b'], { entries: 100, bytes: 10_000 })
  expect(entries.map(({ data }) => data)).toEqual(['1', '2', '3'])
  expect(entries[1]?.prev).toEqual([entries[0]?.position])
  // Calls that follow within a millisecond give places after those of what has failed.
  const mixed = await appendAll(
    Array.from({ length: 60 }, (_, n) =>
      n % 2 === 0 ? to(['a'], String(n)) : { ...to(['a', 'broken'], 'refused'), id: `order-${n}` },
    ),
  )
  expect(mixed.map(({ status }) => status)).toEqual(mixed.map((_, n) => (n % 2 === 0 ? 'fulfilled' : 'rejected')))
  await redisCommand(server, ['DEL', `${prefix}stream:broken`])
  expect(await broker.append({ ...to(['a'], 'at last'), id: 'order-1' })).not.toBeNull()
})

test('what waits for a Redis that is away is bounded', async () => {
  const away = await startRedis()
  const waiting = redis(away.url, { prefix, onError: () => {}, wait: 60_000 })
  await waiting.head()
  await away.stop()
  const text = 'x'.repeat(1024 * 1024)
  const pending = Array.from({ length: 65 }, () => waiting.append(to(['a'], text)))
  const ended = Promise.allSettled(pending)
  await expect(waiting.append(to(['a'], text))).rejects.toMatchObject({
    code: 'broker_unavailable',
    message: expect.stringMatching(/does not keep up/),
  })
  await waiting.close()
  for (const result of await ended) expect(result).toMatchObject({ reason: { code: 'broker_closed' } })
})
