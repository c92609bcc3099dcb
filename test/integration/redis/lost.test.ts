import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { redis } from '../../../src/broker/redis/redis.ts'
import { defineChannel } from '../../../src/channels/define.ts'
import type { Hub } from '../../../src/hub/api.ts'
import { createHub } from '../../../src/hub/hub.ts'
import { join, type Reader } from '../../support/reader.ts'
import { startRedis } from '../../support/redis.ts'
import { redisCommand } from '../../support/redis-command.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { demote, startPair } from './pair.ts'
import { joinPlaced } from './placed.ts'

let endings: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of endings.reverse()) await end()
  endings = []
})

function startHub(url: string): Hub {
  const hub = createHub({
    channels: [defineChannel('*')],
    broker: redis(url, { onError: () => {}, wait: 15_000 }),
    onError: () => {},
  })
  endings.push(() => hub.close())
  return hub
}

async function owned<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const server = await starting
  endings.push(() => server.stop())
  return server
}

async function logOf(reader: Reader, last: string): Promise<readonly string[]> {
  await until(`${last}, of which there is ${reader.log}`, async () => reader.log.includes(last) || undefined)
  return reader.log
}

/** Publishes in order, each as one message whatever becomes of the connection, and answers the positions. */
async function publish(hub: Hub, channel: string, ...texts: readonly string[]): Promise<string[]> {
  const positions: string[] = []
  for (const text of texts) positions.push(String(await hub.publish(channel, text, { id: `${channel}:${text}` })))
  return positions
}

describe.each([
  { how: 'functions', args: [] },
  { how: 'scripts, where the server has no functions', args: ['--rename-command', 'FUNCTION', ''] },
])('with $how', ({ args }) => {
  test('a failover to a replica that is behind is told to those who saw what was lost, and to no one else', async () => {
    const pair = await owned(startPair(args))
    const hub = startHub(pair.url)
    const live = await joinPlaced(hub, ['a'])
    const other = await joinPlaced(hub, ['b'])
    const [, shared] = await publish(hub, 'a', '1', '2')
    await publish(hub, 'b', 'b1')
    await pair.synced()
    await pair.promote()
    const [lost1, lost2] = await publish(hub, 'a', 'lost 1', 'lost 2')
    await logOf(live, 'lost 2')
    await pair.master.kill('SIGKILL')
    pair.failOver()
    await publish(hub, 'a', '3', '4', '5', '6')
    await publish(hub, 'b', 'b2')

    expect(await logOf(live, '6')).toEqual(['1', '2', 'lost 1', 'lost 2', 'gap:lost', '3', '4', '5', '6'])
    expect(await logOf(other, 'b2')).toEqual(['b1', 'b2'])
    for (const cursor of [lost1, lost2]) {
      const back = await join(hub, { channels: ['a'], cursor: cursor ?? '' })
      expect(await logOf(back, '6')).toEqual(['gap:lost', '3', '4', '5', '6'])
      // Told once: the cursor that it has now is sound.
      expect((await join(hub, { channels: ['a'], cursor: back.lastEventId })).gaps).toEqual([])
    }
    const sound = await join(hub, { channels: ['a'], cursor: shared ?? '' })
    expect(await logOf(sound, '6')).toEqual(['3', '4', '5', '6'])
  })

  test('a master whose clock ran ahead, and was lost, leaves no cursor that looks sound', async () => {
    const pair = await owned(startPair(args))
    const hub = startHub(pair.url)
    await publish(hub, 'a', '1')
    const ahead = Date.now() + 3_600_000
    await redisCommand(pair.master, ['HSET', 'millrace:log', 'position', `${ahead}-1999`])
    await redisCommand(pair.master, ['HDEL', 'millrace:log', 'writer'])
    const [shared] = await publish(hub, 'a', '2')
    await pair.synced()
    await pair.promote()
    const [lost1, lost2] = await publish(hub, 'a', 'lost 1', 'lost 2')
    await pair.master.kill('SIGKILL')
    pair.failOver()
    await publish(hub, 'a', '3', '4', '5')
    for (const cursor of [lost1, lost2]) {
      expect(cursor).toMatch(new RegExp(`^${ahead}-`))
      const back = await join(hub, { channels: ['a'], cursor: cursor ?? '' })
      expect(await logOf(back, '5')).toEqual(['gap:lost', '3', '4', '5'])
    }
    const sound = await join(hub, { channels: ['a'], cursor: shared ?? '' })
    expect(await logOf(sound, '5')).toEqual(['3', '4', '5'])
  })

  test('a master that goes on beside the new one, and is then demoted, has its readers told', async () => {
    const pair = await owned(startPair(args))
    const proxy = await TcpProxy.start(pair.master.port)
    endings.push(() => proxy.close())
    const [stays, moves] = [startHub(`redis://127.0.0.1:${proxy.port}`), startHub(pair.url)]
    const readers = [await joinPlaced(stays, ['a']), await joinPlaced(moves, ['a'])]
    await publish(stays, 'a', '1')
    for (const reader of readers) await logOf(reader, '1')
    await pair.synced()
    await pair.promote()
    pair.failOver()
    await publish(moves, 'a', '2')
    await publish(stays, 'a', 'lost 1', 'lost 2')
    await publish(moves, 'a', '3')
    expect(readers[0]?.log).toEqual(['1', 'lost 1', 'lost 2'])
    proxy.switchTo(pair.replica.port)
    await demote(pair.master, pair.replica)
    // It finds out by itself that it talks to a replica now.
    await publish(stays, 'a', '4')
    await publish(moves, 'a', '5')
    expect(await logOf(readers[0] as Reader, '5')).toEqual(['1', 'lost 1', 'lost 2', 'gap:lost', '2', '3', '4', '5'])
    expect(await logOf(readers[1] as Reader, '5')).toEqual(['1', '2', '3', '4', '5'])
  })

  test('a restart that lost the last messages is told to those who saw them, and to no one else', async () => {
    const dir = await mkdtemp(joinPath(tmpdir(), 'millrace-lost-'))
    const copy = `${dir}-copy`
    endings.push(() => Promise.all([dir, copy].map((path) => rm(path, { recursive: true, force: true }))))
    const server = await owned(startRedis({ dir, args, appendfsync: 'always' }))
    const hub = startHub(server.url)
    const live = await joinPlaced(hub, ['a'])
    const [, kept] = await publish(hub, 'a', '1', '2')
    await cp(dir, copy, { recursive: true })
    const [lost] = await publish(hub, 'a', 'lost')
    await logOf(live, 'lost')
    await server.kill('SIGKILL')
    await rm(dir, { recursive: true })
    await cp(copy, dir, { recursive: true })
    await server.restart()
    await publish(hub, 'a', '3', '4')
    expect(await logOf(live, '4')).toEqual(['1', '2', 'lost', 'gap:lost', '3', '4'])
    expect(await logOf(await join(hub, { channels: ['a'], cursor: lost ?? '' }), '4')).toEqual(['gap:lost', '3', '4'])
    expect(await logOf(await join(hub, { channels: ['a'], cursor: kept ?? '' }), '4')).toEqual(['3', '4'])
  })

  test.each(['FLUSHALL', 'a restart without persistence'])(
    '%s is told to those who are connected, and to those who come back',
    async (how) => {
      const server = await owned(startRedis({ args: [...args, '--appendonly', 'no'] }))
      const hub = startHub(server.url)
      const live = await joinPlaced(hub, ['a'])
      const [old] = await publish(hub, 'a', '1')
      await logOf(live, '1')
      if (how === 'FLUSHALL') await redisCommand(server, ['FLUSHALL'])
      else await server.restart()
      await publish(hub, 'a', '2', '3')
      expect(await logOf(live, '3')).toEqual(['1', 'gap:lost', '2', '3'])
      expect(await logOf(await join(hub, { channels: ['a'], cursor: old ?? '' }), '3')).toEqual(['gap:lost', '2', '3'])
    },
  )
})

test('a master that was demoted, lost its end and is promoted again knows that it is not what it was', async () => {
  const pair = await owned(startPair())
  const hub = startHub(pair.master.url)
  const [shared] = await publish(hub, 'a', '1')
  await pair.synced()
  await pair.promote()
  const [lost] = await publish(hub, 'a', 'lost')
  await demote(pair.master, pair.replica)
  await redisCommand(pair.master, ['REPLICAOF', 'NO', 'ONE'])
  await publish(hub, 'a', '2')
  expect(await logOf(await join(hub, { channels: ['a'], cursor: lost ?? '' }), '2')).toEqual(['gap:lost', '2'])
  expect(await logOf(await join(hub, { channels: ['a'], cursor: shared ?? '' }), '2')).toEqual(['2'])
})

test('a log remembers a hundred timelines, each with a tag of its own, and a restart of nothing is no gap', async () => {
  const server = await owned(startRedis())
  const hub = startHub(server.url)
  const live = await joinPlaced(hub, ['a'])
  for (let n = 0; n < 130; n++) {
    await hub.publish('a', String(n))
    // Its memory goes with the library, as it goes with the process.
    await redisCommand(server, ['FUNCTION', 'FLUSH'])
  }
  const timelines = String(await redisCommand(server, ['HGET', 'millrace:log', 'timelines'])).split(' ')
  expect(timelines).toHaveLength(100)
  expect(new Set(timelines.map((line) => line.split(':')[0])).size).toBe(100)
  expect(await logOf(live, '129')).toHaveLength(130)
})

test('functions and scripts of one process write one timeline', async () => {
  const server = await owned(startRedis())
  await redisCommand(server, [
    'ACL',
    'SETUSER',
    'scripts',
    'on',
    '>x',
    '~*',
    '&*',
    '+@all',
    '-fcall',
    '-fcall_ro',
    '-function',
  ])
  const hubs = [startHub(server.url), startHub(`redis://scripts:x@127.0.0.1:${server.port}`)]
  for (let n = 0; n < 10; n++) for (const hub of hubs) await hub.publish('a', String(n))
  const timelines = String(await redisCommand(server, ['HGET', 'millrace:log', 'timelines'])).split(' ')
  expect(timelines).toHaveLength(1)
})
