import { describe, expect, test } from 'vitest'
import { createHub, defineChannel, type HubOptions, memory } from '../../../src/index.ts'
import { faultyBroker } from '../../support/faulty-broker.ts'
import { ManualClock, turn } from '../../support/manual-clock.ts'
import { join, Reader } from '../../support/reader.ts'

function start(options: Partial<HubOptions> = {}) {
  return createHub({ channels: [defineChannel('*')], ...options })
}

describe('a subscriber', () => {
  test('is told where it stands before anything is published', async () => {
    const reader = await join(start({ retry: 100 }), { channels: ['a'] })
    const [, retry, id] = /^retry: (\d+)\nid: (\S+)\n\n$/.exec(reader.text) ?? []
    expect(Number(retry)).toBeGreaterThanOrEqual(100)
    expect(Number(retry)).toBeLessThanOrEqual(200)
    expect(reader.lastEventId).toBe(id)
  })

  test('gets a message on two of its channels once', async () => {
    const hub = start()
    const reader = await join(hub, { channels: ['a', 'b'] })
    const other = await join(hub, { channels: ['b', 'c'] })
    await hub.publish(['a', 'b'], '1')
    await hub.publish('c', '2')
    await hub.publish('a', '3')
    await turn()
    expect([reader.data, other.data]).toEqual([
      ['1', '3'],
      ['1', '2'],
    ])
  })

  test('gets nothing that was published before it came, also where the hub has heard of that from another only', async () => {
    const hub = start()
    await join(hub, { channels: ['other'] })
    await hub.publish('other', '1')
    await hub.publish('a', 'before')
    const readers = [await join(hub, { channels: ['a'] }), await join(hub, { channels: ['a'] })]
    await hub.publish('a', 'after')
    await turn()
    expect(readers.map(({ data }) => data)).toEqual([['after'], ['after']])
    expect(new Set(readers.map(({ lastEventId }) => lastEventId)).size).toBe(1)
  })

  test('of a channel that is named twice is on it once', async () => {
    const hub = start()
    const reader = await join(hub, { channels: ['a', 'a'] })
    await hub.publish('a', '1')
    await turn()
    expect([reader.data, hub.channels]).toEqual([['1'], 1])
  })

  test.each([
    ['one after the first of what is kept', 45, [], 4],
    ['the last one of which nothing is lost', 39, [], 10],
    ['one before that', 38, ['expired'], 10],
    ['the last', 49, [], 0],
  ])('with a cursor at %s gets what follows, and at most one gap', async (_, index, reasons, count) => {
    const hub = start({ history: 10 })
    const ids = await hub.publishAll(Array.from({ length: 50 }, (_, n) => ({ channel: 'a', message: `${n}` })))
    const reader = await join(hub, { channels: ['a'], cursor: ids[index] ?? '' })
    await turn()
    expect(reader.gaps.map(({ reason }) => reason)).toEqual(reasons)
    expect(reader.data).toEqual(Array.from({ length: count }, (_, n) => `${50 - count + n}`))
  })

  test.each(['not-a-position', '1', '\u{1F600}'])(
    'with the cursor %s gets a gap and then what is new',
    async (cursor) => {
      const hub = start()
      await hub.publish('a', 'old')
      const reader = await join(hub, { channels: ['a'], cursor })
      await hub.publish('a', 'new')
      await turn()
      expect(reader.log).toEqual(['gap:unknown', 'new'])
    },
  )

  test('that begins at a time gets what is kept since, and no gap for a log that began later', async () => {
    const clock = new ManualClock(Date.now())
    const hub = start({ broker: memory({ clock }) })
    clock.advance(1_000)
    await hub.publish('a', 'early')
    clock.advance(1_000)
    const since = clock.now()
    await hub.publish('a', 'late')
    const all = await join(hub, { channels: ['a'], since: 0 })
    const some = await join(hub, { channels: ['a'], since })
    const none = await join(hub, { channels: ['a'], since: since + 60_000 })
    await turn()
    await turn()
    await hub.publish('a', 'now')
    await turn()
    expect([all.log, some.log, none.log]).toEqual([['early', 'late', 'now'], ['late', 'now'], ['now']])
    expect(none.lastEventId).toBe(all.lastEventId)
  })

  test('that begins at a time and receives nothing is told a place in the log', async () => {
    const hub = start()
    const reader = await join(hub, { channels: ['a'], since: 0 })
    await turn()
    expect(reader.lastEventId).toMatch(/-[1-9]\d*$/)
  })

  test('that begins at a time, as others just did, is told a place too', async () => {
    const hub = start()
    await join(hub, { channels: ['a'], since: 0 })
    await turn()
    const readers = [0, 1].map((since) => {
      const reader = new Reader()
      hub.admit({ channels: ['a'], since }).open(reader)
      return reader
    })
    await turn()
    await turn()
    for (const { lastEventId } of readers) expect(lastEventId).toMatch(/-[1-9]\d*$/)
  })

  test('that is slow reads from the log what did not fit its outbox, and keeps no more than that waiting', async () => {
    const hub = start({ limits: { outbox: 10_000 } })
    const reader = await join(hub, { channels: ['a'] })
    reader.stall()
    const data = Array.from({ length: 500 }, (_, n) => `${n}:${'x'.repeat(1_000)}`)
    for (const message of data) {
      await hub.publish('a', message)
      await turn()
    }
    expect(reader.buffered).toBeLessThan(20_000)
    reader.flow()
    for (let turns = 0; turns < 100 && reader.data.length < 500; turns++) await turn()
    expect(reader.data).toEqual(data)
  })

  test('is told of a gap before it goes on where the hub keeps more than the log', async () => {
    const hub = createHub({ channels: [defineChannel('whole'), defineChannel('cut', { history: 5 })] })
    const cursor = (await hub.publish('whole', 'seen')) ?? ''
    await hub.publish('cut', 'missed')
    // From here on the rings have everything. The log has only the last of what is cut, and more of the whole than a page.
    await join(hub, { channels: ['whole', 'cut'] })
    await hub.publishAll(Array.from({ length: 300 }, (_, n) => ({ channel: 'whole', message: `w${n}` })))
    await hub.publishAll(Array.from({ length: 10 }, (_, n) => ({ channel: 'cut', message: `c${n}` })))
    const reader = await join(hub, { channels: ['whole', 'cut'], cursor })
    await turn()
    await turn()
    expect(reader.log.filter((seen) => !seen.startsWith('w'))).toEqual([
      'gap:expired',
      ...Array.from({ length: 10 }, (_, n) => `c${n}`),
    ])
    expect(reader.log).toHaveLength(311)
  })

  test('resumes from the hub without asking the broker', async () => {
    const broker = faultyBroker(memory())
    const hub = start({ broker })
    const stays = await join(hub, { channels: ['a'] })
    for (let n = 0; n < 20; n++) await hub.publish('a', `${n}`)
    await turn()
    const { reads } = broker
    const storm = await Promise.all(stays.events.map(({ id }) => join(hub, { channels: ['a'], cursor: id })))
    await turn()
    expect(storm.map(({ data }) => data.length)).toEqual(Array.from({ length: 20 }, (_, n) => 19 - n))
    expect(broker.reads).toBe(reads)
  })

  test('that is ahead of its hub gets nothing twice', async () => {
    const broker = faultyBroker(memory())
    const hub = start({ broker })
    await join(hub, { channels: ['a'] })
    await turn()
    broker.hold()
    await hub.publish('a', 'on its way')
    const seen = await hub.publish('a', 'seen at another hub')
    const reader = await join(hub, { channels: ['a'], cursor: seen ?? '' })
    await turn()
    broker.release()
    await hub.publish('a', 'new')
    await turn()
    expect(reader.data).toEqual(['new'])
  })
})

describe('a subscriber that is ahead of its hub', () => {
  async function ahead() {
    const broker = faultyBroker(memory())
    const hub = start({ broker, channels: [defineChannel('*'), defineChannel('brief', { history: 0 })] })
    await join(hub, { channels: ['a', 'brief'] })
    await hub.publish('a', '1')
    await hub.publish('unheard', '2')
    return { broker, hub }
  }

  test('gets what has no position at once', async () => {
    const { hub } = await ahead()
    const reader = await join(hub, { channels: ['a', 'brief'], cursor: await hub.head() })
    await turn()
    await hub.publish('brief', 'now')
    await hub.publish('a', '3')
    await turn()
    expect(reader.data).toEqual(['now', '3'])
  })

  test('with a cursor that the log has not come to is told that all is lost, and gets what is new', async () => {
    const { hub } = await ahead()
    const cursor = `${Date.now() + 1_000_000}-5`
    const reader = await join(hub, { channels: ['a', 'brief'], cursor })
    await turn()
    await hub.publish('a', 'new')
    await turn()
    expect(reader.log).toEqual(['gap:lost', 'new'])
    expect(reader.lastEventId).not.toBe(cursor)
  })

  test('is told no gap on channels that keep nothing', async () => {
    const { hub } = await ahead()
    const reader = await join(hub, { channels: ['brief'], cursor: 'nonsense' })
    await turn()
    expect(reader.gaps).toEqual([])
  })
})

describe('a hub', () => {
  test('leaves nothing of a subscriber that goes, at whatever moment', async () => {
    const hub = start()
    hub.admit({ channels: ['a'] }).cancel()
    const early = hub.admit({ channels: ['a'] })
    const reader = new Reader()
    early.open(reader)
    reader.leave()
    const late = await join(hub, { channels: ['a', 'b'] })
    expect([hub.subscribers, hub.channels]).toEqual([1, 2])
    late.leave()
    const cancelled = hub.admit({ channels: ['a'] })
    await cancelled.ready
    cancelled.cancel()
    cancelled.open(new Reader())
    expect([hub.subscribers, hub.channels]).toEqual([0, 0])
  })

  test('that is full lets nobody more in, and puts nobody out', async () => {
    const hub = start({ limits: { subscribers: 2 } })
    const readers = [await join(hub, { channels: ['a'] }), await join(hub, { channels: ['a'] })]
    expect(() => hub.admit({ channels: ['a'] })).toThrow(expect.objectContaining({ code: 'hub_full' }))
    readers[0]?.leave()
    await join(hub, { channels: ['a'] })
    expect(readers[1]?.isClosed).toBe(false)
  })

  test('beats for whom it has written nothing, and moves the cursor of a quiet channel along', async () => {
    const clock = new ManualClock(Date.now())
    const hub = start({ clock, heartbeat: 1_000 })
    const [quiet, busy] = [await join(hub, { channels: ['quiet'] }), await join(hub, { channels: ['busy'] })]
    await turn()
    clock.advance(1_000)
    const id = await hub.publish('busy', '1')
    await turn()
    const before = busy.text
    clock.advance(1_000)
    expect(busy.text).toBe(before)
    expect(quiet.lastEventId).toBe(id)
    clock.advance(1_000)
    expect(busy.text).toBe(`${before}id: ${id}\n\n`)
    expect([quiet.data, quiet.isClosed]).toEqual([[], false])
  })

  test('ends its streams over a time when it closes, each with its own wait, and takes nobody more', async () => {
    const hub = start({ retry: 1_000 })
    const readers = await Promise.all(Array.from({ length: 20 }, () => join(hub, { channels: ['a'] })))
    const closed = hub.close({ drain: 100 })
    expect(() => hub.admit({ channels: ['a'] })).toThrow(expect.objectContaining({ code: 'hub_closed' }))
    expect(await hub.publish('a', 'late')).not.toBeNull()
    expect(readers.filter(({ isClosed }) => isClosed).length).toBeLessThan(20)
    await closed
    expect(readers.every(({ isClosed }) => isClosed)).toBe(true)
    const waits = new Set(readers.map(({ text }) => text.match(/retry: (\d+)\n\n$/)?.[1]))
    expect(waits.size).toBeGreaterThan(10)
    expect([hub.subscribers, hub.channels]).toEqual([0, 0])
    await expect(hub.publish('a', 'x')).rejects.toMatchObject({ code: 'hub_closed' })
    await hub.close()
  })

  test('tells its readers waits that are spread evenly, when they come and when it closes', async () => {
    const hub = start({ retry: 1_000 })
    const readers = await Promise.all(Array.from({ length: 2_000 }, () => join(hub, { channels: ['a'] })))
    await hub.close()
    for (const find of [/^retry: (\d+)\n/, /retry: (\d+)\n\n$/]) {
      const waits = readers.map(({ text }) => Number(find.exec(text)?.[1]))
      const tenths = Array.from({ length: 10 }, (_, tenth) =>
        waits.filter((wait) => wait >= 1_000 + tenth * 100 && wait < 1_100 + tenth * 100),
      )
      expect(waits.every((wait) => wait >= 1_000 && wait <= 2_000)).toBe(true)
      // 200 of each are to be expected; 120 would be one in a hundred million.
      for (const tenth of tenths) expect(tenth.length).toBeGreaterThan(120)
    }
  })

  test('sends what was published before it closed', async () => {
    const hub = start({ channels: [defineChannel('kept'), defineChannel('brief', { history: 0 })] })
    const reader = await join(hub, { channels: ['kept', 'brief'] })
    await hub.publish('kept', 'one')
    await hub.publish('brief', 'two')
    await hub.close()
    expect(reader.data).toEqual(['one', 'two'])
  })

  test('keeps no more than the outbox waiting of a burst within one turn', async () => {
    const hub = start({ limits: { outbox: 100_000 } })
    const reader = await join(hub, { channels: ['a'] })
    await turn()
    reader.stall()
    await hub.publishAll(Array.from({ length: 200 }, () => ({ channel: 'a', message: 'x'.repeat(50_000) })))
    await turn()
    expect(reader.buffered).toBeLessThan(700_000)
    for (let turns = 0; turns < 500 && reader.data.length < 200; turns++) {
      reader.flow()
      await turn()
    }
    expect(reader.data.length).toBe(200)
  })

  test('goes on when reading the log fails for a while', async () => {
    const broker = faultyBroker(memory())
    const clock = new ManualClock(Date.now())
    const errors: unknown[] = []
    const hub = start({ broker, clock, onError: (error) => errors.push(error) })
    await hub.publish('a', '1')
    broker.failReads(2)
    const reader = await join(hub, { channels: ['a'], since: 0 })
    for (let n = 0; n < 10; n++) {
      await turn()
      clock.advance(500)
    }
    expect([reader.data, errors.length]).toEqual([['1'], 1])
  })

  test.each([{ heartbeat: 0 }, { retry: -1 }, { history: -1 }, { history: { age: 0.5 } }, { limits: { channels: 0 } }])(
    'cannot be made with %j',
    (options) => {
      expect(() => start(options)).toThrow(expect.objectContaining({ code: 'option_invalid' }))
    },
  )
})
