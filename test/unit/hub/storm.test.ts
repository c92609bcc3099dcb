import { describe, expect, test } from 'vitest'
import type { Admission } from '../../../src/hub/admission.ts'
import type { Packet } from '../../../src/hub/packet.ts'
import type { Sink } from '../../../src/hub/sink.ts'
import { createHub, defineChannel, type Hub, memory } from '../../../src/index.ts'
import { encodeEvent } from '../../../src/sse/encode.ts'
import { faultyBroker } from '../../support/faulty-broker.ts'
import { ManualClock, turn } from '../../support/manual-clock.ts'
import { join, Reader } from '../../support/reader.ts'

/** A log with a history, and a hub that has just begun and knows nothing of it. */
async function start(publish: (hub: Hub) => Promise<unknown>) {
  const broker = faultyBroker(memory())
  const clock = new ManualClock(Date.now())
  const before = createHub({ channels: [defineChannel('*')], broker })
  await publish(before)
  const errors: unknown[] = []
  const hub = createHub({ channels: [defineChannel('*')], broker, clock, onError: (error) => errors.push(error) })
  return { broker, clock, errors, hub }
}

function publishAll(hub: Hub, count: number, channelOf: (n: number) => string, size = 0) {
  return hub.publishAll(
    Array.from({ length: count }, (_, n) => ({ channel: channelOf(n), message: `${n}:${'x'.repeat(size)}` })),
  )
}

/** Everything that each of them has been sent so far, as numbers. */
function numbersOf(reader: Reader): number[] {
  return reader.data.map((data) => Number.parseInt(data, 10))
}

function openReader(admission: Admission, onWrite: (bytes: Uint8Array) => void = () => {}): Reader {
  const reader = new Reader()
  const { write } = reader
  reader.write = (packet) => {
    onWrite(packet.bytes)
    return write.call(reader, packet)
  }
  admission.open(reader)
  return reader
}

async function settle(isDone: () => boolean): Promise<void> {
  for (let turns = 0; turns < 50_000 && !isDone(); turns++) await turn()
}

/** A reader that only counts, of which ten thousand cost little. */
class Tally implements Sink {
  /** Bytes after the first block. */
  bytes = 0
  readonly buffered = 0
  #isOpen = false

  write({ bytes }: Packet): boolean {
    if (this.#isOpen) this.bytes += bytes.length
    this.#isOpen = true
    return true
  }

  onDrain(): void {}
  onClose(): void {}
  end(): void {}
  cut(): void {}
}

interface Published {
  readonly id: string
  readonly channel: string
  readonly data: string
}

/** How many bytes a reader is due after message `at`. Each message has a frame of its own, so no two histories are as long. */
function bytesAfter(log: readonly Published[], at: number, channels: readonly string[]): number {
  return log.reduce((sum, { id, channel, data }, n) => {
    if (n <= at || !channels.includes(channel)) return sum
    return sum + encodeEvent({ id, channel: [channel], data }).length
  }, 0)
}

async function publishTo(hub: Hub, channels: readonly string[]): Promise<Published[]> {
  const messages = channels.map((channel, n) => ({ channel, data: `${n}:${'x'.repeat(n % 13)}` }))
  const ids = await hub.publishAll(messages.map(({ channel, data }) => ({ channel, message: data })))
  return messages.map((message, n) => ({ ...message, id: ids[n] ?? '' }))
}

async function admitTally(hub: Hub, channels: readonly string[], cursor: string): Promise<Tally> {
  const admission = hub.admit({ channels, cursor })
  await admission.ready
  const tally = new Tally()
  admission.open(tally)
  return tally
}

describe('ten thousand readers that come back at once', { timeout: 60_000 }, () => {
  test('with as many cursors read a history page by page together', async () => {
    let log: Published[] = []
    const { broker, hub } = await start(async (before) => {
      log = await publishTo(before, Array(2_000).fill('news'))
    })
    const starts = Array.from({ length: 10_000 }, (_, n) => (n * 7919) % 2_000)
    const due = new Map(starts.map((at) => [at, 0]))
    for (let at = 1_998, sum = 0; at >= 0; at--) {
      sum += bytesAfter(log.slice(at + 1, at + 2), -1, ['news'])
      due.set(at, sum)
    }

    const tallies = await Promise.all(starts.map((at) => admitTally(hub, ['news'], log[at]?.id ?? '')))
    await settle(() => tallies.every(({ bytes }, n) => bytes >= (due.get(starts[n] ?? 0) ?? 0)))

    expect(tallies.map(({ bytes }) => bytes)).toEqual(starts.map((at) => due.get(at)))
    // 2,000 in pages of 256.
    expect(broker.readsOf('news')).toBeLessThan(12)
  })

  test('each on a channel of its own and one that all have, read the one once and the others together', async () => {
    let log: Published[] = []
    const { broker, hub } = await start(async (before) => {
      log = await publishTo(
        before,
        Array.from({ length: 10_000 }, (_, n) => (n % 20 === 0 ? 'news' : `user.${n}`)),
      )
    })
    const starts = Array.from({ length: 10_000 }, (_, n) => (n * 7919) % 10_000)
    const news = Array.from({ length: 10_000 }, () => 0)
    for (let at = 9_998; at >= 0; at--)
      news[at] = (news[at + 1] ?? 0) + bytesAfter(log.slice(at + 1, at + 2), -1, ['news'])
    const due = starts.map(
      (at, n) => (news[at] ?? 0) + (n > at ? bytesAfter(log.slice(n, n + 1), -1, [`user.${n}`]) : 0),
    )

    const tallies = await Promise.all(starts.map((at, n) => admitTally(hub, [`user.${n}`, 'news'], log[at]?.id ?? '')))
    await settle(() => tallies.every(({ bytes }, n) => bytes >= (due[n] ?? 0)))

    expect(tallies.map(({ bytes }) => bytes)).toEqual(due)
    expect(broker.readsOf('news')).toBeLessThan(10)
    // A hundred channels at a time.
    expect(broker.reads).toBeLessThan(130)
  })

  test('while messages go on coming read each once, and in order', async () => {
    const ids: (string | null)[] = []
    const { broker, hub } = await start(async (before) => ids.push(...(await publishAll(before, 600, () => 'news'))))
    const readers: Reader[] = []
    for (let n = 0; n < 500; n += 50) {
      for (let other = n; other < n + 50; other++)
        readers.push(await join(hub, { channels: ['news', `user.${other}`], cursor: ids[(other * 7919) % 600] ?? '' }))
      await hub.publish(['news', `user.${n}`], `${600 + n / 50}`)
      await hub.publish('elsewhere', 'x')
    }
    await settle(() => readers.every((reader) => numbersOf(reader).at(-1) === 609))

    for (const [n, reader] of readers.entries()) {
      const first = ((n * 7919) % 600) + 1
      expect(numbersOf(reader)).toEqual(Array.from({ length: 610 - first }, (_, index) => first + index))
    }
    expect(broker.readsOf('news')).toBeLessThan(30)
  })

  test('that come one after the other find what the first of them had read', async () => {
    const ids: (string | null)[] = []
    const { broker, hub } = await start(async (before) => ids.push(...(await publishAll(before, 1_000, () => 'news'))))
    const stays = await join(hub, { channels: ['news'], cursor: ids[998] ?? '' })
    for (let n = 0; n < 300; n++) {
      const at = (n * 7919) % 1_000
      const reader = await join(hub, { channels: ['news'], cursor: ids[at] ?? '' })
      await settle(() => reader.data.length === 999 - at)
      reader.leave()
    }
    stays.leave()
    expect(broker.readsOf('news')).toBeLessThan(20)
  })
})

describe('readers that come back at once', { timeout: 30_000 }, () => {
  test('are each told their own gap, or none', async () => {
    const broker = faultyBroker(memory())
    const ids: string[] = []
    const before = createHub({ channels: [defineChannel('*')], broker, history: 600 })
    for (let n = 0; n < 1_000; n++) ids.push((await before.publish(n % 2 === 0 ? 'even' : 'odd', `${n}`)) ?? '')
    await before.publish('brief', 'gone')
    const hub = createHub({ channels: [defineChannel('*')], broker: { ...broker, read: broker.read }, history: 600 })
    for (let n = 1_000; n < 1_400; n++) ids.push((await before.publish('even', `${n}`)) ?? '')

    // Of `even` 900 were published and 600 are kept, from the 300th, which is message 600; of `odd` all are.
    const places = ids.map((_, at) => at).filter((at) => at % 5 === 0 || (at > 590 && at < 605))
    const readers = await Promise.all(
      places.map((at) => join(hub, { channels: at % 3 === 0 ? ['even'] : ['even', 'odd'], cursor: ids[at] ?? '' })),
    )
    await settle(() => readers.every(({ lastEventId }) => broker.compare(lastEventId, ids.at(-1) ?? '') >= 0))

    for (const [index, reader] of readers.entries()) {
      const at = places[index] ?? 0
      const isCut = at < 598
      const reasons = reader.gaps.map(({ channels, reason }) => `${channels} ${reason}`)
      expect([at, reasons]).toEqual([at, isCut ? ['even expired'] : []])
      const due = ids.map((_, n) => n).filter((n) => n > at && (n >= 1_000 || (n % 2 === 0 ? n >= 600 : at % 3 !== 0)))
      expect([at, numbersOf(reader)]).toEqual([at, due])
    }
  })

  test('with cursors of a log that was lost are all told so, and cost the broker no more than others', async () => {
    const ids: (string | null)[] = []
    await start(async (lost) => ids.push(...(await publishAll(lost, 300, () => 'news'))))
    const { broker, hub } = await start((before) => publishAll(before, 300, () => 'news'))
    const readers = await Promise.all(ids.map((id) => join(hub, { channels: ['news', 'quiet'], cursor: id ?? '' })))
    await settle(() => readers.every(({ data }) => data.length >= 300))
    for (const reader of readers) {
      expect(reader.gaps).toEqual([{ channels: ['news', 'quiet'], reason: 'lost' }])
      expect(numbersOf(reader)).toEqual(Array.from({ length: 300 }, (_, n) => n))
    }
    expect(broker.reads).toBeLessThan(20)
  })

  test('while the broker is away are one failure that is told, and one that is tried again', async () => {
    const ids: (string | null)[] = []
    const { broker, clock, errors, hub } = await start(async (before) =>
      ids.push(...(await publishAll(before, 100, () => 'news'))),
    )
    broker.failReads(1_000)
    const readers = await Promise.all(ids.map((id) => join(hub, { channels: ['news'], cursor: id ?? '' })))
    const { reads } = broker
    for (let n = 0; n < 4; n++) {
      await turn()
      clock.advance(1_600)
      await turn()
    }
    expect(errors.length).toBe(1)
    expect(broker.reads - reads).toBeLessThan(6)
    const waiting = clock.timers
    readers[0]?.leave()
    broker.failReads(-1_000)
    for (let n = 0; n < 4; n++) {
      clock.advance(1_600)
      await turn()
      await turn()
    }
    expect(waiting).toBeLessThan(5)
    for (const [index, reader] of readers.entries()) if (index > 0) expect(reader.data.length).toBe(99 - index)
  })

  test('are served a few in each turn of the event loop, and in the order in which they came', async () => {
    const ids: (string | null)[] = []
    const { hub } = await start(async (before) => ids.push(...(await publishAll(before, 10, () => 'news'))))
    const first = await join(hub, { channels: ['news'], cursor: ids[0] ?? '' })
    await settle(() => first.data.length === 9)
    const admissions = Array.from({ length: 1_000 }, () => hub.admit({ channels: ['news'], cursor: ids[0] ?? '' }))
    await Promise.all(admissions.map(({ ready }) => ready))
    const readers = admissions.map((admission) => openReader(admission))
    const served = () => readers.filter(({ data }) => data.length > 0).length
    expect(served()).toBeLessThan(100)
    await turn()
    const some = served()
    expect(some).toBeGreaterThan(0)
    expect(some).toBeLessThan(200)
    expect(readers.slice(0, some).every(({ data }) => data.length > 0)).toBe(true)
    await settle(() => served() === 1_000)
    expect(served()).toBe(1_000)
  })

  test('at one place are written the same bytes', async () => {
    const { hub } = await start((before) => publishAll(before, 200, () => 'news', 1_000))
    const written = new Set<ArrayBufferLike>()
    const admissions = Array.from({ length: 100 }, () => hub.admit({ channels: ['news'], since: 0 }))
    const readers = await Promise.all(
      admissions.map(async (admission) => {
        await admission.ready
        return openReader(admission, (bytes) => bytes.length > 1_000 && written.add(bytes.buffer))
      }),
    )
    await settle(() => readers.every(({ data }) => data.length === 200))
    expect(readers.every(({ data }) => data.length === 200)).toBe(true)
    expect(written.size).toBeLessThan(8)
  })
})
