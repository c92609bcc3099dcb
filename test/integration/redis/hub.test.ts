import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RedisOptions, redis } from '../../../src/broker/redis/redis.ts'
import { defineChannel } from '../../../src/channels/define.ts'
import type { Hub, HubOptions } from '../../../src/hub/api.ts'
import { createHub } from '../../../src/hub/hub.ts'
import { join, type Reader } from '../../support/reader.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { redisCommand } from '../../support/redis-command.ts'
import { until } from '../../support/until.ts'
import { joinPlaced } from './placed.ts'

let server: RedisServer
let hubs: Hub[] = []
let logs = 0
let prefix = ''

beforeAll(async () => {
  server = await startRedis({ appendfsync: 'always' })
})

afterAll(async () => {
  await server.stop()
})

beforeEach(() => {
  prefix = `log${logs++}:`
})

afterEach(async () => {
  await Promise.all(hubs.map((hub) => hub.close()))
  hubs = []
})

function startHub({ history, ...options }: RedisOptions & Pick<HubOptions, 'history'> = {}): Hub {
  const hub = createHub({
    channels: [defineChannel('*')],
    ...(history === undefined ? {} : { history }),
    broker: redis(server.url, { prefix, onError: () => {}, ...options }),
    onError: () => {},
  })
  hubs.push(hub)
  return hub
}

function seen(reader: Reader, count: number): Promise<readonly string[]> {
  return until(`${count} messages, of which there are ${reader.data}`, async () =>
    reader.data.length >= count ? reader.data : undefined,
  )
}

/** Channels whose announcements somebody is subscribed to. */
async function topics(): Promise<unknown> {
  return redisCommand(server, ['PUBSUB', 'CHANNELS', `${prefix}live:*`])
}

describe('a hub on Redis', () => {
  test('shares its channels with every other hub of the same prefix', async () => {
    const [one, two] = [startHub(), startHub()]
    const readers = [await joinPlaced(one, ['a']), await joinPlaced(two, ['a', 'b'])]
    await one.publish('a', 'from one')
    await two.publish(['a', 'b'], 'from two')
    for (const reader of readers) expect(await seen(reader, 2)).toEqual(['from one', 'from two'])
  })

  test('lets a reader go on at another hub with its cursor', async () => {
    const [one, two] = [startHub(), startHub()]
    const reader = await joinPlaced(one, ['a'])
    await one.publish('a', '1')
    await seen(reader, 1)
    reader.leave()
    for (const text of ['2', '3']) await one.publish('a', text)
    const again = await join(two, { channels: ['a'], cursor: reader.lastEventId })
    expect(await seen(again, 2)).toEqual(['2', '3'])
    expect(again.gaps).toEqual([])
  })

  test('misses nothing for a reader that connected, received nothing and went away', async () => {
    const hub = startHub()
    const reader = await joinPlaced(hub, ['a'])
    expect(reader.lastEventId).not.toBe('')
    reader.leave()
    await hub.publish('a', 'meanwhile')
    expect(await seen(await join(hub, { channels: ['a'], cursor: reader.lastEventId }), 1)).toEqual(['meanwhile'])
  })

  test('has one subscriber connection however many readers, and follows only what somebody listens to', async () => {
    const hub = startHub()
    const readers = await Promise.all(Array.from({ length: 200 }, (_, n) => joinPlaced(hub, ['all', `user.${n % 50}`])))
    const clients = String(await redisCommand(server, ['CLIENT', 'LIST', 'TYPE', 'pubsub']))
    expect(clients.trim().split('\n')).toHaveLength(1)
    expect(await topics()).toHaveLength(51)
    for (const reader of readers.splice(0, 199)) reader.leave()
    await until('the last reader alone', async () => ((await topics()) as string[]).length === 2 || undefined)
    readers[0]?.leave()
    await until('nobody', async () => ((await topics()) as string[]).length === 0 || undefined)
    expect([hub.subscribers, hub.channels]).toEqual([0, 0])
  })

  test('leaves nothing behind of readers that go before they are ready', async () => {
    const hub = startHub()
    for (let round = 0; round < 20; round++) {
      const admissions = Array.from({ length: 20 }, (_, n) => hub.admit({ channels: [`c${n}`] }))
      for (const admission of admissions) admission.cancel()
    }
    expect([hub.subscribers, hub.channels]).toEqual([0, 0])
    await until('no topics', async () => ((await topics()) as string[]).length === 0 || undefined)
  })

  test('relays what other programs publish, unchanged and without an id', async () => {
    const hub = startHub({ relay: ['messages', 'news-*'], relayPrefix: `laravel${prefix}` })
    const reader = await joinPlaced(hub, ['messages', 'news-1', 'other'])
    const before = reader.lastEventId
    const text = '{"message":"Hello from Laravel!","é":"\\u00e9 \\"x\\""}'
    await redisCommand(server, ['PUBLISH', `laravel${prefix}other`, 'not relayed'])
    await redisCommand(server, ['PUBLISH', `laravel${prefix}messages`, text])
    await redisCommand(server, ['PUBLISH', `laravel${prefix}news-1`, 'two\nlines'])
    expect(await seen(reader, 2)).toEqual([text, 'two\nlines'])
    expect(reader.lastEventId).toBe(before)
    expect(reader.events.map(({ channels }) => channels)).toEqual([['messages'], ['news-1']])
  })

  test('takes what any program publishes with one FCALL', async () => {
    const hub = startHub()
    const reader = await joinPlaced(hub, ['messages'])
    const call = (options: unknown, data: string) =>
      redisCommand(server, ['FCALL', 'millrace_append', '1', prefix, JSON.stringify(options), data])
    const position = await call({ channels: ['messages'], event: 'NewMessage', id: 'php-1' }, '{"n":1}')
    expect(await call({ channels: ['messages'], id: 'php-1' }, 'again')).toBe(position)
    await call({ channels: ['messages'] }, '{"n":2}')
    expect(await seen(reader, 2)).toEqual(['{"n":1}', '{"n":2}'])
    expect(reader.events[0]).toMatchObject({ id: position, event: 'NewMessage' })
  })

  test('hears the trace of what another program publishes, on whatever hub, and sends it to nobody', async () => {
    const hub = startHub()
    const reader = await joinPlaced(hub, ['messages'])
    const traces: unknown[] = []
    const note = (message: unknown) => void traces.push((message as { trace: unknown }).trace)
    subscribe('millrace.deliver', note)
    const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'a=1/"2"' }
    for (const options of [{ trace }, {}, { trace: {} }, { trace: null }]) {
      const all = JSON.stringify({ channels: ['messages'], ...options })
      await redisCommand(server, ['FCALL', 'millrace_append', '1', prefix, all, 'x'])
    }
    await seen(reader, 4)
    await until('the last delivery', async () => (traces.length >= 4 ? true : undefined))
    unsubscribe('millrace.deliver', note)
    expect(traces).toEqual([trace, undefined, undefined, undefined])
    expect(reader.text).not.toContain('aaaa')
  })

  test.each([
    ['["x"]', 'x', /object|channels/],
    ['{}', 'x', /channels/],
    ['{"channels":[]}', 'x', /channels/],
    ['{"channels":["a b"]}', 'x', /white space/],
    ['{"channels":["a","a"]}', 'x', /twice/],
    ['{"channels":["a"],"event":"x\\nid: 9-9"}', 'x', /"event"/],
    ['{"channels":["a"],"key":5}', 'x', /"key"/],
    ['{"channels":["a"],"trace":"00-1-2-01"}', 'x', /"trace"/],
    ['{"channels":["a"],"trace":{"traceparent":1}}', 'x', /"trace"/],
    [`{"channels":["a"],"trace":{"baggage":"${'b'.repeat(1_024)}"}}`, 'x', /1024/],
    ['no JSON', 'x', /object/],
  ])('takes no %s from other programs', async (options, data, why) => {
    const hub = startHub()
    await hub.head()
    await expect(redisCommand(server, ['FCALL', 'millrace_append', '1', prefix, options, data])).rejects.toThrow(why)
    expect(await redisCommand(server, ['EXISTS', `${prefix}stream:a`])).toBe(0)
  })

  test('has its functions there for other programs before it is used itself', async () => {
    await redisCommand(server, ['FUNCTION', 'FLUSH'])
    startHub()
    const append = () =>
      redisCommand(server, [
        'FCALL',
        'millrace_append',
        '1',
        prefix,
        '{"channels":["a"],"retention":[{"count":5}]}',
        '1',
      ])
    expect(await until('the function', () => append().catch(() => undefined))).toMatch(/^\d+-\d+$/)
  })

  test('forgets a channel some time after its last message, and tells who has been away for longer', async () => {
    const hub = startHub({ horizon: 30, history: { age: 30 } })
    const position = await hub.publish('a', '1')
    const meta = `${prefix}meta:a`
    await until('its end', async () => (await redisCommand(server, ['EXISTS', meta])) === 0 || undefined)
    // Whoever stands at the head of the log has missed nothing, whatever was forgotten: so there must be more.
    await hub.publish('c', '2')
    const late = await join(hub, { channels: ['a', 'b'], cursor: position ?? '' })
    await until('a gap', async () => late.gaps[0])
    expect(late.gaps).toEqual([{ reason: 'expired', channels: ['a', 'b'] }])
    expect((await join(hub, { channels: ['a', 'b'], cursor: late.lastEventId })).gaps).toEqual([])
  })
})

describe('when Redis restarts', () => {
  test('streams stay open, and messages flow again by themselves, with those from meanwhile', async () => {
    const hub = startHub()
    const readers = [await joinPlaced(hub, ['a']), await joinPlaced(hub, ['a', 'b'])]
    await hub.publish('a', 'before')
    await server.restart()
    // Published by another program while this hub may still be without its subscriptions.
    await redisCommand(server, ['FCALL', 'millrace_append', '1', prefix, '{"channels":["a"]}', 'meanwhile'])
    await until('a publish', async () => hub.publish('a', 'after').catch(() => undefined))
    for (const reader of readers) {
      expect(await seen(reader, 3)).toEqual(['before', 'meanwhile', 'after'])
      expect([reader.isClosed, reader.gaps]).toEqual([false, []])
    }
    readers[0]?.leave()
    readers[1]?.leave()
    await until('no topics', async () => ((await topics()) as string[]).length === 0 || undefined)
  })

  test('a reader that comes while it is away is let in, and told its place when it is back', async () => {
    const hub = startHub()
    await hub.publish('a', '1')
    await server.kill('SIGKILL')
    const fresh = await join(hub, { channels: ['a'] })
    const resumed = await join(hub, { channels: ['a'], cursor: '5-1' })
    expect(fresh.text).toMatch(/^retry: \d+\n\n$/)
    await server.restart()
    await until('its place', async () => fresh.lastEventId || undefined)
    await until('a publish', async () => hub.publish('a', '2').catch(() => undefined))
    expect(await seen(fresh, 1)).toEqual(['2'])
    expect(await seen(resumed, 2)).toEqual(['1', '2'])
    expect(resumed.log[0]).toBe('gap:lost')
  })

  test('a publish waits as long as it was told to, and then says that Redis is away', async () => {
    const hub = startHub({ wait: 0 })
    await until('a connection', async () => hub.publish('a', '1').catch(() => undefined))
    await server.kill('SIGKILL')
    await expect(
      until('an error', async () => {
        await hub.publish('a', '2')
        return undefined
      }),
    ).rejects.toMatchObject({ code: 'broker_unavailable' })
    await expect(hub.publish('a', '3')).rejects.toMatchObject({ code: 'broker_unavailable' })
    await server.restart()
    await until('a publish', async () => hub.publish('a', '4').catch(() => undefined))
  })

  test('its functions are loaded again when it has lost them', async () => {
    const hub = startHub()
    const reader = await joinPlaced(hub, ['a'])
    await redisCommand(server, ['FUNCTION', 'FLUSH'])
    await hub.publish('a', '1')
    expect(await seen(reader, 1)).toEqual(['1'])
  })

  test('an emptied Redis is told as a gap to those who have a cursor from before, and to no one else', async () => {
    const hub = startHub()
    const old = await joinPlaced(hub, ['a'])
    await hub.publish('a', '1')
    await seen(old, 1)
    old.leave()
    await redisCommand(server, ['FLUSHALL'])
    const fresh = await joinPlaced(hub, ['a'])
    await hub.publish('a', '2')
    const back = await join(hub, { channels: ['a'], cursor: old.lastEventId })
    await seen(back, 1)
    expect(back.log).toEqual(['gap:lost', '2'])
    expect((await seen(fresh, 1)) && fresh.log).toEqual(['2'])
  })
})

test('a URL that is none is refused without being repeated, because it may hold a password', () => {
  const attempt = () => redis('redis//user:secret@localhost')
  expect(attempt).toThrow(expect.objectContaining({ code: 'option_invalid' }))
  expect(attempt).not.toThrow(/secret/)
})

test.each(['', 'a b', 'a,b', '{a}', 'a\n'])('the relay pattern %j, which can match nothing, is refused', (pattern) => {
  expect(() => redis(server.url, { relay: [pattern] })).toThrow(expect.objectContaining({ code: 'option_invalid' }))
})

test('a hub that is closed at once leaves no connection behind', async () => {
  for (let round = 0; round < 10; round++) {
    const hub = createHub({ channels: [], broker: redis(server.url) })
    if (round % 2 === 1) await new Promise((resolve) => setImmediate(resolve))
    await hub.close()
  }
  await until('no clients but the one that asks', async () => {
    const clients = String(await redisCommand(server, ['CLIENT', 'LIST']))
    return clients.trim().split('\n').length === 1 || undefined
  })
})

test('a hub hears itself that its Redis is away', async () => {
  const errors: unknown[] = []
  const hub = createHub({ channels: [], broker: redis('redis://127.0.0.1:1'), onError: (error) => errors.push(error) })
  await until('an error', async () => errors[0])
  expect(errors[0]).toMatchObject({ code: 'broker_unavailable', message: expect.stringContaining('ECONNREFUSED') })
  await hub.close()
})

test('a broker that is closed keeps nobody waiting', async () => {
  const broker = redis('redis://127.0.0.1:1', { wait: 60_000, onError: () => {} })
  const head = broker.head()
  await broker.close()
  await expect(head).rejects.toMatchObject({ code: 'broker_closed' })
})
