import { describe, expect, test } from 'vitest'
import { createHub, defineChannel, type Hub, type HubOptions, memory } from '../../../src/index.ts'
import { faultyBroker } from '../../support/faulty-broker.ts'
import { ManualClock, turn } from '../../support/manual-clock.ts'
import { join, Reader } from '../../support/reader.ts'

const conflating = defineChannel('prices.{market}', { slow: 'conflate' })
const cutting = defineChannel('orders', { slow: 'disconnect' })
const brief = defineChannel('brief', { history: 0 })

function start(channels: HubOptions['channels'], options: Partial<HubOptions> = {}) {
  return createHub({ channels: [...channels, defineChannel('*')], limits: { outbox: 10_000 }, ...options })
}

/** More than an outbox takes: who is stalled is behind after it. */
async function fill(hub: Hub, channel: string): Promise<void> {
  for (let n = 0; n < 2; n++) {
    await hub.publish(channel, `fill:${'x'.repeat(8_000)}`)
    await turn()
  }
}

/** Reads on until nothing comes any more. */
async function readOn(reader: Reader): Promise<string[]> {
  for (let seen = -1; seen < reader.log.length; ) {
    seen = reader.log.length
    for (let turns = 0; turns < 20; turns++) {
      reader.flow()
      await turn()
    }
  }
  return reader.log.filter((data) => !data.startsWith('fill:'))
}

describe('a reader of a channel that conflates', () => {
  test('gets the latest of each key when it has been slow, and all that has no key', async () => {
    const hub = start([conflating])
    const reader = await join(hub, { channels: ['prices.a'] })
    reader.stall()
    await fill(hub, 'prices.a')
    for (const [data, key] of [['1', 'x'], ['2', 'y'], ['3'], ['4', 'x'], ['5'], ['6', 'x']] as const)
      await hub.publish('prices.a', data, { key })
    expect(await readOn(reader)).toEqual(['2', '3', '5', '6'])
  })

  test('gets every message while it keeps up', async () => {
    const hub = start([conflating])
    const reader = await join(hub, { channels: ['prices.a'] })
    for (const data of ['1', '2', '3']) {
      await hub.publish('prices.a', data, { key: 'x' })
      await turn()
    }
    expect(reader.data).toEqual(['1', '2', '3'])
  })

  test('gets the latest of each key when it comes back with a cursor, from the hub or from the log', async () => {
    const broker = memory()
    const hub = start([conflating], { broker })
    const cursor = await hub.head()
    await join(hub, { channels: ['prices.a'] })
    for (let n = 0; n < 100; n++) await hub.publish('prices.a', `${n}`, { key: `${n % 3}` })
    const back = await join(hub, { channels: ['prices.a'], cursor })
    const elsewhere = await join(start([conflating], { broker }), { channels: ['prices.a'], cursor })
    expect([await readOn(back), await readOn(elsewhere)]).toEqual([
      ['97', '98', '99'],
      ['97', '98', '99'],
    ])
    expect(back.lastEventId).toBe(await hub.head())
  })

  test('of several channels misses only what each of them that it has makes up for', async () => {
    const hub = start([conflating])
    const cursor = await hub.head()
    const publish = (channels: string[], data: string) => hub.publish(channels, data, { key: 'x' })
    await publish(['prices.a', 'prices.b'], 'both')
    await publish(['prices.a', 'plain'], 'a, plain')
    await publish(['prices.a'], 'a')
    const one = await join(hub, { channels: ['prices.a'], cursor })
    const two = await join(hub, { channels: ['prices.a', 'prices.b'], cursor })
    const three = await join(hub, { channels: ['prices.a', 'plain'], cursor })
    for (const reader of [one, two, three]) await readOn(reader)
    await publish(['prices.b'], 'b')
    const last = await join(hub, { channels: ['prices.a', 'prices.b'], cursor })
    expect([await readOn(one), await readOn(two), await readOn(three), await readOn(last)]).toEqual([
      ['a'],
      ['both', 'a', 'b'],
      ['a, plain', 'a'],
      ['a', 'b'],
    ])
  })

  test('that goes at any moment comes back to the latest of every key', async () => {
    const hub = start([conflating])
    const cursor = await hub.head()
    const latest = new Map<string, string>()
    // Pages enough for several writes, with keys that come back after each of them.
    for (let n = 0; n < 3_000; n++) {
      const key = `${n % 3 === 0 ? (n * 7) % 3_001 : n % 40}`
      await hub.publish('prices.a', `${n}`, { key })
      latest.set(key, `${n}`)
    }
    const whole = await join(hub, { channels: ['prices.a'], cursor })
    await readOn(whole)
    const { events } = whole
    expect(events.length).toBeGreaterThan(300)
    expect(events.length).toBeLessThan(1_500)
    for (const { id, data } of events.filter((_, index) => index % 17 === 0)) {
      const before = events.filter((event) => Number(event.data) <= Number(data))
      const back = await join(hub, { channels: ['prices.a'], cursor: id })
      await readOn(back)
      const seen = new Set([...before.map((event) => event.data), ...back.data])
      expect([...latest.values()].filter((value) => !seen.has(value))).toEqual([])
      back.leave()
    }
  })

  test('is told of a gap between what was before it and what comes after', async () => {
    const hub = start([conflating], { history: 5 })
    const cursor = await hub.head()
    for (let n = 0; n < 10; n++) await hub.publish('prices.a', `${n}`, { key: `${n % 2}` })
    const reader = await join(hub, { channels: ['prices.a'], cursor })
    expect(await readOn(reader)).toEqual(['gap:expired', '8', '9'])
  })
})

describe('a reader of a channel that disconnects', () => {
  test('is cut when its outbox is full, and gets everything when it comes back', async () => {
    const hub = start([cutting])
    const [slow, quick] = [await join(hub, { channels: ['orders', 'a'] }), await join(hub, { channels: ['orders'] })]
    await hub.publish('orders', '1')
    await turn()
    slow.stall()
    await hub.publish('orders', '2')
    await fill(hub, 'orders')
    await hub.publish('orders', '3')
    await turn()
    expect([slow.isCut, slow.data, hub.subscribers]).toEqual([true, ['1'], 1])
    const back = await join(hub, { channels: ['orders', 'a'], cursor: slow.lastEventId })
    expect(await readOn(back)).toEqual(['2', '3'])
    expect(quick.data.length).toBe(5)
  })

  test('may be as slow as it likes while it catches up', async () => {
    const hub = start([cutting])
    const cursor = await hub.head()
    for (let n = 0; n < 100; n++) await hub.publish('orders', `${n}:${'x'.repeat(8_000)}`)
    const reader = await join(hub, { channels: ['orders'], cursor })
    reader.stall()
    await fill(hub, 'orders')
    expect(reader.isClosed).toBe(false)
    expect((await readOn(reader)).length).toBe(100)
  })
})

describe('a reader that was behind', () => {
  async function behind(channels: readonly string[]) {
    const hub = start([brief])
    const reader = await join(hub, { channels })
    reader.stall()
    await fill(hub, channels[0] ?? '')
    return { hub, reader }
  }

  test('is told once which channels that keep nothing have gone on without it', async () => {
    const { hub, reader } = await behind(['a', 'brief'])
    await hub.publish('brief', 'missed')
    await hub.publish('brief', 'missed')
    await turn()
    const log = await readOn(reader)
    await hub.publish('brief', 'seen')
    await turn()
    expect([log, reader.gaps, reader.log.at(-1)]).toEqual([
      ['gap:overflow'],
      [{ channels: ['brief'], reason: 'overflow' }],
      'seen',
    ])
  })

  test('is told nothing where it missed nothing', async () => {
    const { hub, reader } = await behind(['a', 'brief'])
    await hub.publish(['a', 'brief'], 'kept by another of its channels')
    await turn()
    expect(await readOn(reader)).toEqual(['kept by another of its channels'])
  })

  test('is told of what is kept only by a channel that it does not have', async () => {
    const { hub, reader } = await behind(['a', 'brief'])
    await join(hub, { channels: ['b'] })
    await hub.publish(['b', 'brief'], 'missed')
    await turn()
    expect(await readOn(reader)).toEqual(['gap:overflow'])
  })

  test('of nothing but a channel that keeps nothing goes on when it reads on', async () => {
    const { hub, reader } = await behind(['brief'])
    await hub.publish('brief', 'missed')
    await turn()
    expect(await readOn(reader)).toEqual(['gap:overflow'])
    await hub.publish('brief', 'seen')
    await turn()
    expect(reader.log.at(-1)).toBe('seen')
  })
})

describe('what waits for a reader', () => {
  test('is an outbox and no more of what was lost without a word and found again; then it is told', async () => {
    const broker = faultyBroker(memory())
    const hub = start([], { broker })
    const reader = await join(hub, { channels: ['a', 'b'] })
    const quick = await join(hub, { channels: ['a', 'b'] })
    reader.stall()
    broker.lose(50)
    for (let n = 0; n < 50; n++) await hub.publish('a', `${n}:${'x'.repeat(1_000)}`)
    await hub.publish('b', 'b')
    await hub.publish('a', 'end')
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(quick.data.length).toBe(52)
    expect(reader.buffered).toBeLessThan(13_000)
    const log = await readOn(reader)
    expect(reader.gaps).toEqual([{ channels: ['a'], reason: 'overflow' }])
    expect(log.slice(-2)).toEqual(['gap:overflow', 'end'])
    expect(reader.data.length).toBeLessThan(20)
  })

  test('of what a hub has at hand is a page at a time', async () => {
    const hub = createHub({ channels: [defineChannel('*')] })
    const channels = ['a', 'b', 'c', 'd']
    const cursor = await hub.head()
    await join(hub, { channels })
    for (let n = 0; n < 80; n++) await hub.publish(channels[n % 4] ?? '', `${n}:${'x'.repeat(40_000)}`)
    const admission = hub.admit({ channels, cursor })
    await admission.ready
    const reader = new Reader(cursor)
    reader.stall()
    admission.open(reader)
    for (let most = 0; reader.data.length < 80; most = 0) {
      for (let turns = 0; turns < 5; turns++) {
        await turn()
        most = Math.max(most, reader.buffered)
      }
      expect([most > 0, most < 310_000]).toEqual([true, true])
      reader.flow()
      reader.stall()
    }
    expect(reader.data.map((data) => data.split(':')[0])).toEqual(Array.from({ length: 80 }, (_, n) => `${n}`))
  })

  test('is not added to by heartbeats', async () => {
    const clock = new ManualClock()
    const hub = start([], { clock, heartbeat: 1_000 })
    const reader = await join(hub, { channels: ['a'] })
    reader.stall()
    await hub.publish('a', '1')
    await turn()
    const { buffered } = reader
    clock.advance(60_000)
    expect([buffered > 0, reader.buffered]).toEqual([true, buffered])
  })

  test('is waited for while any of it goes, and no longer than the limit says', async () => {
    const clock = new ManualClock()
    const hub = start([], { clock, heartbeat: 1_000, limits: { outbox: 10_000, stall: 10_000 } })
    const [idle, slow, stalled] = await Promise.all([1, 2, 3].map(() => join(hub, { channels: ['a'] })))
    for (let n = 0; n < 20; n++) {
      slow?.stall()
      if (n === 5) stalled?.stall()
      if (n < 10) await hub.publish('a', `${n}`)
      await turn()
      clock.advance(1_000)
      if (n < 15) slow?.flow()
    }
    expect([idle?.isClosed, slow?.isClosed, stalled?.isCut]).toEqual([false, false, true])
    expect(hub.subscribers).toBe(2)
  })

  test('may be less than what a sink takes without a word', async () => {
    const hub = start([], { limits: { outbox: 1 } })
    const reader = await join(hub, { channels: ['a'] })
    const taken: Uint8Array[] = []
    let waiting = 0
    Object.defineProperty(reader, 'buffered', { get: () => waiting })
    reader.write = ({ bytes }) => {
      taken.push(bytes)
      waiting += bytes.length
      return true
    }
    for (let n = 0; n < 3; n++) {
      await hub.publish('a', `${n}`)
      await turn()
    }
    const text = taken.map((bytes) => new TextDecoder().decode(bytes)).join('')
    expect([...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data)).toEqual(['0', '1', '2'])
  })
})

test.each([{ slow: 'faster' }, { channels: [defineChannel('x', { slow: 'never' as never })] }])(
  'a hub cannot be made with the policy %j',
  (options) => {
    expect(() => createHub({ channels: [], ...(options as object) })).toThrow(
      expect.objectContaining({ code: 'option_invalid' }),
    )
  },
)
