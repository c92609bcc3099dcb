import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RedisOptions, redis } from '../../../src/broker/redis/redis.ts'
import { defaultRetention } from '../../../src/broker/retention.ts'
import { defineChannel } from '../../../src/channels/define.ts'
import type { Hub } from '../../../src/hub/api.ts'
import { createHub } from '../../../src/hub/hub.ts'
import { createEar } from '../../../src/testing/ear.ts'
import { join, type Reader } from '../../support/reader.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { redisCommand } from '../../support/redis-command.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { startPair } from './pair.ts'
import { joinPlaced } from './placed.ts'

let server: RedisServer
let proxy: TcpProxy
let hubs: Hub[] = []
let errors: unknown[] = []

beforeEach(async () => {
  server = await startRedis({ args: ['--enable-debug-command', 'local', '--repl-diskless-sync-delay', '0'] })
  proxy = await TcpProxy.start(server.port)
  errors = []
})

afterEach(async () => {
  await Promise.all(hubs.map((hub) => hub.close()))
  hubs = []
  await proxy.close()
  await server.stop()
})

function startHub(options: RedisOptions = {}): Hub {
  const hub = createHub({
    channels: [defineChannel('*')],
    broker: redis(`redis://127.0.0.1:${proxy.port}`, options),
    onError: (error) => errors.push(error),
  })
  hubs.push(hub)
  return hub
}

function seen(reader: Reader, ...log: readonly string[]): Promise<unknown> {
  return until(`${log}, of which there is ${reader.log}`, async () => reader.log.join() === log.join() || undefined)
}

describe('a publish', () => {
  test('waits for as long as it says itself, and not as the broker does', async () => {
    const hub = startHub({ wait: 60_000 })
    await hub.publish('a', '1')
    proxy.refuse()
    await until('the end of the connection', async () => errors[0])
    const before = Date.now()
    await expect(hub.publish('a', '2', { wait: 0 })).rejects.toMatchObject({
      code: 'broker_unavailable',
      message: expect.stringContaining('Nothing was sent'),
    })
    expect(Date.now() - before).toBeLessThan(1_000)
    const waiting = hub.publish('a', '3', { wait: 20_000 })
    proxy.accept()
    expect(await waiting).toMatch(/^\d+-\d+$/)
  })

  test.each([-1, 0.5, '1'])('takes no wait of %j', async (wait) => {
    await expect(startHub().publish('a', '1', { wait: wait as number })).rejects.toMatchObject({
      code: 'option_invalid',
    })
  })

  test('fails soon where Redis is connected and hangs, and with its id it stays one message', async () => {
    const hub = startHub()
    const reader = await joinPlaced(hub, ['a'])
    await hub.publish('a', '1')
    await server.kill('SIGSTOP')
    const attempt = () => hub.publish('a', '2', { id: 'two', wait: 100 })
    await expect(attempt()).rejects.toMatchObject({
      code: 'broker_unavailable',
      message: expect.stringContaining('may have been published'),
    })
    await server.kill('SIGCONT')
    const position = await attempt()
    expect(await attempt()).toBe(position)
    await hub.publish('a', '3')
    await seen(reader, '1', '2', '3')
  })

  test('whose answer was lost is sent again where it has an id, and fails where it would become two', async () => {
    const hub = startHub()
    const reader = await joinPlaced(hub, ['a'])
    proxy.hold('down')
    const attempts = [hub.publish('a', 'with', { id: 'x' }), hub.publish('a', 'without')]
    const settled = Promise.allSettled(attempts)
    await until('both in Redis', async () =>
      (await redisCommand(server, ['XLEN', 'millrace:stream:a'])) === 2 ? true : undefined,
    )
    proxy.cut()
    proxy.heal()
    const [with_, without] = await settled
    expect(with_).toMatchObject({ status: 'fulfilled' })
    expect(without).toMatchObject({ reason: { code: 'broker_unavailable' } })
    await hub.publish('a', 'after')
    await seen(reader, 'with', 'without', 'after')
  })

  test('waits for a server that loads its data', async () => {
    const hub = startHub({ wait: 20_000 })
    const reader = await joinPlaced(hub, ['a'])
    await hub.publish('a', '1')
    const settings = {
      rdbcompression: 'no',
      'key-load-delay': '20000',
      'loading-process-events-interval-bytes': '1024',
    }
    await redisCommand(server, ['CONFIG', 'SET', ...Object.entries(settings).flat()])
    for (let n = 0; n < 50; n++) await redisCommand(server, ['SET', `other:${n}`, 'x'.repeat(2_000)])
    const reloading = redisCommand(server, ['DEBUG', 'RELOAD'])
    await until('it to load', async () => {
      return String(await redisCommand(server, ['INFO', 'persistence'])).includes('\nloading:1\r') || undefined
    })
    await expect(hub.publish('a', 'x', { wait: 0 })).rejects.toMatchObject({
      code: 'broker_unavailable',
      message: expect.stringContaining('not ready: LOADING'),
    })
    await hub.publish('a', '2')
    await reloading
    await seen(reader, '1', '2')
  })

  test('that Redis refuses fails at once with its words, and reading goes on', async () => {
    const hub = startHub()
    const reader = await joinPlaced(hub, ['a'])
    await hub.publish('a', '1')
    await redisCommand(server, ['CONFIG', 'SET', 'min-replicas-to-write', '1'])
    await expect(hub.publish('a', '2')).rejects.toMatchObject({
      code: 'broker_unavailable',
      message: expect.stringMatching(/refused: NOREPLICAS.*Nothing was done/),
    })
    const fresh = await join(hub, { channels: ['a'], since: 0 })
    await seen(fresh, '1')
    // A hub that comes now cannot check that it hears, and is let in all the same.
    const other = startHub()
    await seen(await join(other, { channels: ['a'], since: 0 }), '1')
    await redisCommand(server, ['CONFIG', 'SET', 'min-replicas-to-write', '0'])
    await hub.publish('a', '3')
    await seen(reader, '1', '3')
  })
})

describe('a master that was demoted', () => {
  test('is left by those who publish, whose messages go to the new one', async () => {
    const pair = await startPair()
    try {
      proxy.switchTo(pair.master.port)
      const hub = startHub()
      const reader = await joinPlaced(hub, ['a'])
      await hub.publish('a', '1')
      await pair.synced()
      await pair.promote()
      await redisCommand(pair.master, ['REPLICAOF', '127.0.0.1', String(pair.replica.port)])
      // The address still leads to it: nobody there does what is asked.
      await expect(hub.publish('a', 'x', { wait: 300 })).rejects.toMatchObject({ code: 'broker_unavailable' })
      const many = Promise.all(['2', '3', '4'].map((text) => hub.publish('a', text)))
      proxy.switchTo(pair.replica.port)
      await many
      await seen(reader, '1', '2', '3', '4')
      expect(errors.length).toBeLessThan(5)
    } finally {
      await pair.stop()
    }
  })

  test('is left by those who only read', async () => {
    const pair = await startPair()
    try {
      proxy.switchTo(pair.master.port)
      const hub = startHub()
      const reader = await joinPlaced(hub, ['a'])
      await hub.publish('a', '1')
      await pair.synced()
      await pair.promote()
      proxy.switchTo(pair.replica.port)
      // It finds no master there, so it would never hear of anything again.
      await redisCommand(pair.master, ['REPLICAOF', '127.0.0.1', '1'])
      await redisCommand(pair.replica, ['FCALL', 'millrace_append', '1', 'millrace:', '{"channels":["a"]}', '2'])
      await seen(reader, '1', '2')
    } finally {
      await pair.stop()
    }
  })
})

test('a connection that could not be made for a while is made once, and heard on', async () => {
  const hub = startHub()
  const reader = await joinPlaced(hub, ['a'])
  const told: string[] = []
  for (let n = 1; n <= 5; n++) {
    proxy.refuse()
    // For long enough that several attempts to connect fail.
    await delay(200)
    const away = hub.publish('a', `${n}, published while it was away`)
    proxy.accept()
    await away
    await hub.publish('a', `${n}, published since`)
    told.push(`${n}, published while it was away`, `${n}, published since`)
    await seen(reader, ...told)
    const clients = String(await redisCommand(server, ['CLIENT', 'LIST']))
      .trim()
      .split('\n')
    // One to ask and publish on, one to listen on, and this one.
    expect(clients).toHaveLength(3)
  }
  // Each with an id of its own: none was found missing and came late.
  expect(new Set(reader.events.map(({ id }) => id)).size).toBe(told.length)
})

describe('a connection that hears nothing', () => {
  test('is not taken for one that does, though its subscriptions are confirmed', async () => {
    const stranger = await startRedis()
    try {
      const broker = redis(`redis://127.0.0.1:${proxy.port}`)
      const position = await broker.head()
      proxy.switchTo(stranger.port)
      const hub = createHub({ channels: [defineChannel('*')], broker, onError: (error) => errors.push(error) })
      hubs.push(hub)
      const reader = await join(hub, { channels: ['a'], cursor: position })
      await until('a complaint', async () => errors[0])
      expect(errors[0]).toMatchObject({ message: expect.stringContaining('does not arrive') })
      proxy.switchTo(server.port)
      await hub.publish('a', '1')
      await seen(reader, '1')
      expect(errors).toHaveLength(1)
    } finally {
      await stranger.stop()
    }
  })

  test('is noticed also later, and what it missed is read', async () => {
    const pair = await startPair()
    try {
      const broker = redis(`redis://127.0.0.1:${proxy.port}`)
      proxy.switchTo(pair.master.port)
      await until('the commands at the master', async () => {
        proxy.cut()
        return (
          (await broker.head()) && ((await redisCommand(pair.master, ['EXISTS', 'millrace:log'])) === 1 || undefined)
        )
      })
      proxy.switchTo(pair.replica.port)
      const hub = createHub({ channels: [defineChannel('*')], broker, onError: (error) => errors.push(error) })
      hubs.push(hub)
      const reader = await joinPlaced(hub, ['a'])
      await hub.publish('a', '1')
      await seen(reader, '1')
      proxy.switchTo(pair.master.port)
      await redisCommand(pair.replica, ['REPLICAOF', '127.0.0.1', '1'])
      await hub.publish('a', '2')
      await seen(reader, '1', '2')
      expect(errors).toHaveLength(1)
    } finally {
      await pair.stop()
    }
  })

  test('is not taken for followed anew before that was confirmed, when it was let go before it was followed', async () => {
    const broker = redis(`redis://127.0.0.1:${proxy.port}`)
    const ear = createEar(broker)
    try {
      await ear.following.follow('other')
      proxy.hold('down')
      void ear.following.follow('a')
      const asked = async () => (await redisCommand(server, ['PUBSUB', 'CHANNELS', '*live:a'])) as string[]
      await until('the first subscription', async () => (await asked())[0])
      ear.following.unfollow('a')
      let isFollowed = false
      const again = ear.following.follow('a').then(() => {
        isFollowed = true
      })
      // Now the first is confirmed, and the second is still on its way.
      proxy.hold('up')
      await delay(200)
      expect(isFollowed).toBe(false)
      proxy.heal()
      await again
      await broker.append({ channels: ['a'], data: '1', retention: [defaultRetention] })
      expect((await ear.heard(1)).map(({ data }) => data)).toEqual(['1'])
    } finally {
      await broker.close()
    }
  })

  test('is followed anew when the other end was killed', async () => {
    const hub = startHub()
    const reader = await joinPlaced(hub, ['a'])
    for (let n = 1; n <= 5; n++) {
      await redisCommand(server, ['CLIENT', 'KILL', 'TYPE', 'pubsub'])
      await hub.publish('a', String(n))
    }
    await seen(reader, '1', '2', '3', '4', '5')
  })
})
