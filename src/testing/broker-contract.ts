import assert from 'node:assert/strict'
import {
  type Broker,
  type ChannelGap,
  type Entry,
  type Message,
  type Outgoing,
  type Page,
  type PageLimit,
  type Position,
  prevIn,
} from '../broker/port.ts'
import { defaultRetention, type Retention } from '../broker/retention.ts'
import { createEar } from './ear.ts'

/** What a contract runs its tests with: vitest's, node:test's or another runner's. */
export type Test = (title: string, run: () => Promise<void>) => void

export interface BrokerUnderTest {
  readonly broker: Broker
  /** Lets this much time pass for the broker. */
  pass(ms: number): Promise<void>
  /** Removes what the broker leaves behind; the contract has closed the broker itself. */
  cleanUp?(): Promise<void>
}

export interface BrokerContractOptions {
  readonly test: Test
  /** A broker with an empty log of its own. */
  create(): Promise<BrokerUnderTest>
}

const all: PageLimit = { entries: 1_000, bytes: 10_000_000 }

/**
 * What MUST hold for every broker: see {@link Broker}. Registers one test for each sentence of it.
 *
 * Longer than a file should be, because it is one list, and a driver is to pass all of it.
 */
export function brokerContract({ test, create }: BrokerContractOptions): void {
  const it = (title: string, run: (under: BrokerUnderTest) => Promise<void>) =>
    test(title, async () => {
      const under = await create()
      try {
        await run(under)
      } finally {
        await under.broker.close()
        await under.cleanUp?.()
      }
    })

  it('gives each message a later position, in the order in which they are appended', async ({ broker }) => {
    const positions = await Promise.all(range(50).map((n) => broker.append(to('a', String(n)))))
    for (const [index, position] of positions.entries()) {
      assert.match(position ?? '', /^[!-~]+$/)
      if (index > 0) assert.ok(broker.compare(position ?? '', positions[index - 1] ?? '') > 0)
    }
    assert.equal(await broker.head(), positions.at(-1))
    assert.deepEqual(dataOf(await readAll(broker, start(broker), ['a'])), range(50).map(String))
  })

  it('begins with a head after which there is nothing', async ({ broker }) => {
    const head = await broker.head()
    assert.deepEqual(await broker.read(head, ['a', 'b'], all), { entries: [], gaps: [], next: head, done: true })
  })

  it('reads what comes after a cursor, merged over the channels by position', async ({ broker }) => {
    const head = await broker.head()
    for (const n of range(9)) await broker.append(to(n % 3 === 0 ? 'a' : n % 3 === 1 ? 'b' : 'c', String(n)))
    assert.deepEqual(dataOf(await broker.read(head, ['b', 'a'], all)), ['0', '1', '3', '4', '6', '7'])
    const { entries } = await broker.read(head, ['a', 'b', 'c'], all)
    const after = entries[4]?.position ?? ''
    assert.deepEqual(dataOf(await broker.read(after, ['a', 'b', 'c'], all)), ['5', '6', '7', '8'])
  })

  it('has a message on several channels at one position, and reads it once', async ({ broker }) => {
    const head = await broker.head()
    await broker.append(to(['a', 'b'], 'both'))
    await broker.append(to('b', 'one'))
    const page = await broker.read(head, ['a', 'b'], all)
    assert.deepEqual(dataOf(page), ['both', 'one'])
    assert.deepEqual(page.entries[0]?.channels, ['a', 'b'])
    assert.deepEqual(dataOf(await broker.read(head, ['a'], all)), ['both'])
  })

  it('names for each channel of an entry the one before it', async ({ broker }) => {
    const head = await broker.head()
    const first = await broker.append(to('a', '1'))
    const second = await broker.append(to('b', '2'))
    await broker.append(to(['a', 'b'], '3'))
    const { entries } = await broker.read(first ?? '', ['a', 'b'], all)
    assert.deepEqual(entries[1]?.prev, [first, second])
    const alone = await broker.read(second ?? '', ['b'], all)
    assert.deepEqual(alone.entries[0]?.prev, [first, second])
    const { entries: fromStart } = await broker.read(head, ['a'], all)
    assert.ok(broker.compare(fromStart[0]?.prev[0] ?? '', head) <= 0)
  })

  it('gives pages that join without a hole, whatever their limits', async ({ broker }) => {
    const head = await broker.head()
    for (const n of range(60))
      await broker.append(to(n % 7 === 0 ? ['a', 'b'] : n % 2 === 0 ? 'a' : 'b', 'x'.repeat(n)))
    for (const limit of [
      { entries: 1, bytes: 10_000 },
      { entries: 7, bytes: 10_000 },
      { entries: 1_000, bytes: 1 },
      { entries: 50, bytes: 100 },
    ]) {
      const pages = await readPages(broker, head, ['a', 'b', 'none'], limit)
      assert.deepEqual(
        pages.flatMap(dataOf),
        range(60).map((n) => 'x'.repeat(n)),
        JSON.stringify(limit),
      )
      assert.deepEqual(
        pages.flatMap((page) => page.gaps),
        [],
      )
      for (const page of pages.slice(0, -1)) assert.ok(page.entries.length > 0 && page.entries.length <= limit.entries)
    }
  })

  it('keeps data, event and key unchanged', async ({ broker }) => {
    const head = await broker.head()
    const texts = [
      '',
      ' ',
      '\n',
      'a\r\nb\n\n',
      '{"a":"\\u0000"}',
      '\u0000',
      '\uFEFFé漢🎉',
      '"\'\\',
      'x'.repeat(100_000),
    ]
    for (const text of texts) await broker.append({ ...to('a', text), event: 'é "x"', key: 'k/1' })
    const { entries } = await broker.read(head, ['a'], all)
    assert.deepEqual(
      entries.map(({ data }) => data),
      texts,
    )
    assert.ok(entries.every(({ event, key }) => event === 'é "x"' && key === 'k/1'))
    await broker.append(to('b', 'plain'))
    const plain = (await broker.read(head, ['b'], all)).entries[0]
    assert.equal(plain?.event, undefined)
    assert.equal(plain?.key, undefined)
  })

  it('keeps the trace of a message, where it has one, and announces it with the message', async ({ broker }) => {
    const head = await broker.head()
    const ear = createEar(broker)
    await ear.following.follow('a')
    const trace = { traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`, tracestate: 'a=1/"é",b=\\n;2', x: '' }
    const messages: readonly Outgoing[] = [
      { ...to('a', 'alone'), trace },
      to('a', 'none'),
      { ...to('a', 'two\nlines'), event: 'E', key: 'k', id: 'i', trace },
      { ...to(['a', 'b'], 'of several channels'), key: 't', trace },
      { ...to('a', 'none again'), event: 't', key: 'kt' },
      { ...to('a', 'not kept', { count: 0 }), event: 'ek', trace },
    ]
    await Promise.all(messages.map((message) => broker.append(message)))
    const heard = distinct(await ear.until(({ data }) => data === 'not kept'))
    const { entries } = await broker.read(head, ['a'], all)
    const toFields = ({ data, event, key, trace }: Message) => ({ data, event, key, trace })
    assert.deepEqual(heard.map(toFields), messages.map(toFields))
    assert.deepEqual(entries.map(toFields), messages.slice(0, -1).map(toFields))
  })

  it('keeps as many as the count says, and tells a gap to who has not seen what went', async ({ broker }) => {
    const positions = []
    for (const n of range(50)) positions.push(await broker.append(to('a', String(n), { count: 10 })))
    const late = await broker.read(positions[3] ?? '', ['a'], all)
    assert.deepEqual(late.gaps, [{ channel: 'a', reason: 'expired', until: positions[39] }])
    assert.deepEqual(dataOf(late), range(50).slice(40).map(String))
    const timely = await broker.read(positions[39] ?? '', ['a'], all)
    assert.deepEqual([timely.gaps, timely.entries.length], [[], 10])
    assert.equal((await broker.read(positions[38] ?? '', ['a'], all)).gaps.length, 1)
  })

  it('keeps as many bytes as it says, and always the newest', async ({ broker }) => {
    const head = await broker.head()
    for (const n of range(10)) await broker.append(to('a', String(n).repeat(100), { bytes: 350 }))
    assert.deepEqual(
      dataOf(await broker.read(head, ['a'], all)),
      ['7', '8', '9'].map((n) => n.repeat(100)),
    )
    for (const n of range(4)) await broker.append(to('wide', String(n) + '漢'.repeat(33), { bytes: 350 }))
    assert.equal((await broker.read(head, ['wide'], all)).entries.length, 3)
    await broker.append(to('a', 'y'.repeat(1_000), { bytes: 350 }))
    assert.deepEqual(dataOf(await broker.read(head, ['a'], all)), ['y'.repeat(1_000)])
  })

  it('keeps for as long as the age says', async ({ broker, pass }) => {
    const head = await broker.head()
    const old = await broker.append(to('a', 'old', { age: 1_000 }))
    const seen = await broker.append(to('b', 'kept'))
    assert.deepEqual(dataOf(await broker.read(head, ['a'], all)), ['old'])
    await pass(1_200)
    const page = await broker.read(head, ['a', 'b'], all)
    assert.deepEqual([page.gaps, dataOf(page)], [[{ channel: 'a', reason: 'expired', until: old }], ['kept']])
    assert.deepEqual((await broker.read(seen ?? '', ['a'], all)).gaps, [])
    await broker.append(to('a', 'new', { age: 1_000 }))
    assert.deepEqual(dataOf(await broker.read(seen ?? '', ['a'], all)), ['new'])
    assert.equal((await broker.read(head, ['a'], all)).gaps.length, 1)
  })

  it('names a gap for every cursor before its end, and only of the channel that has it', async ({ broker }) => {
    const head = await broker.head()
    for (const n of range(20)) await broker.append(to('whole', String(n)))
    const cut = []
    for (const n of range(20)) cut.push(await broker.append(to('cut', String(n), { count: 5 })))
    for (const n of range(5)) await broker.append(to('whole', String(20 + n)))
    for (const entries of [1, 4, 1_000]) {
      const pages = await readPages(broker, head, ['whole', 'cut', 'none'], { entries, bytes: 10_000 })
      assertGap(broker, head, pages, { channel: 'cut', reason: 'expired', until: cut[14] ?? '' })
      assert.equal(pages.flatMap((page) => page.entries).length, 30)
    }
  })

  it('names a gap also where the page that moves past it ends before what is there again', async ({ broker }) => {
    const head = await broker.head()
    const gone = await broker.append(to('cut', 'gone', { count: 1 }))
    for (const n of range(20)) await broker.append(to('whole', String(n)))
    await broker.append(to('cut', 'kept', { count: 1 }))
    for (const entries of [1, 4, 1_000]) {
      const pages = await readPages(broker, head, ['whole', 'cut'], { entries, bytes: 10_000 })
      assertGap(broker, head, pages, { channel: 'cut', reason: 'expired', until: gone ?? '' })
      assert.equal(pages.flatMap((page) => page.entries).length, 21)
    }
  })

  it('keeps nothing of a channel without history, and announces it all the same', async ({ broker }) => {
    const head = await broker.head()
    const ear = createEar(broker)
    await ear.following.follow('a')
    assert.equal(await broker.append(to('a', 'gone', { count: 0 })), null)
    const [entry] = await ear.heard(1)
    assert.deepEqual([entry?.position, entry?.data], [null, 'gone'])
    assert.deepEqual(await broker.read(head, ['a'], all), { entries: [], gaps: [], next: head, done: true })
    await broker.append({ ...to(['a', 'b'], 'half'), retention: [retention({ count: 0 }), retention({})] })
    assert.deepEqual(dataOf(await broker.read(head, ['a', 'b'], all)), ['half'])
    assert.equal((await ear.heard(2))[1]?.data, 'half')
  })

  it('takes an append that repeats an id for the same message', async ({ broker }) => {
    const head = await broker.head()
    const ear = createEar(broker)
    await ear.following.follow('a')
    const first = await broker.append({ ...to('a', '1'), id: 'order-1' })
    const [second, third] = await Promise.all([
      broker.append({ ...to('a', 'again'), id: 'order-1' }),
      broker.append({ ...to('a', '2'), id: 'order-2' }),
    ])
    assert.equal(second, first)
    assert.notEqual(third, first)
    assert.deepEqual(dataOf(await broker.read(head, ['a'], all)), ['1', '2'])
    assert.deepEqual(
      (await ear.heard(2)).map(({ data }) => data),
      ['1', '2'],
    )
    assert.equal(await broker.append({ ...to('b', 'x', { count: 0 }), id: 'e' }), null)
    assert.equal(await broker.append({ ...to('b', 'x', { count: 0 }), id: 'e' }), null)
  })

  it('takes what comes together as if it came one after the other', async ({ broker }) => {
    const head = await broker.head()
    const ear = createEar(broker)
    await Promise.all([ear.following.follow('a'), ear.following.follow('b')])
    const together: readonly Outgoing[] = [
      to('a', '0'),
      { ...to('a', 'two\nlines\n'), event: 'E', key: 'k' },
      { ...to('a', '2'), id: 'same' },
      { ...to('b', 'not again'), id: 'same' },
      to(['a', 'b'], ''),
      to(['a', 'b'], '\n', { bytes: 30 }),
      to('b', '5', { count: 0 }),
      to(['b', 'c'], 'é漢'),
      { ...to('a', '7'), key: 'only a key' },
      { ...to(['a', 'b'], '8'), retention: [retention({}), retention({ count: 0 })] },
      { ...to('b', '9'), event: 'only a name' },
    ]
    const positions = await Promise.all(together.map((message) => broker.append(message)))
    const { entries } = await broker.read(head, ['a', 'b', 'c'], all)
    assert.equal(positions[3], positions[2])
    assert.equal(positions[6], null)
    const kept = [0, 1, 2, 4, 5, 7, 8, 9, 10]
    for (const [index, number] of kept.entries()) {
      const { channels, data, event, key } = together[number] ?? to('?', '?')
      const entry = entries[index]
      assert.deepEqual(
        [entry?.position, entry?.channels, entry?.data, entry?.event, entry?.key],
        [positions[number], channels, data, event, key],
      )
    }
    for (const channel of ['a', 'b']) {
      const own = entries.filter((entry) => prevIn(entry, channel) != null)
      for (const [index, entry] of own.entries())
        if (index > 0) assert.equal(prevIn(entry, channel), own[index - 1]?.position)
    }
    const heard = distinct(await ear.until((entry) => entry.data === '9'))
    assert.deepEqual(
      heard.filter(({ position }) => position !== null),
      entries,
    )
    assert.deepEqual(
      heard.filter(({ position }) => position === null).map(({ data }) => data),
      ['5'],
    )
  })

  it('keeps as much of what comes together as it would had it come one by one', async ({ broker }) => {
    const head = await broker.head()
    const least = retention({ count: 3 })
    await Promise.all(range(20).map((n) => broker.append({ ...to('a', String(n)), retention: [least] })))
    assert.deepEqual(dataOf(await broker.read(head, ['a'], all)), ['17', '18', '19'])
    const few = retention({ bytes: 350 })
    await Promise.all(range(10).map((n) => broker.append({ ...to('b', String(n).repeat(100)), retention: [few] })))
    assert.deepEqual(
      dataOf(await broker.read(head, ['b'], all)),
      ['7', '8', '9'].map((n) => n.repeat(100)),
    )
    // What one retention has dropped, a later one does not bring back.
    const counts = [10, 10, 10, 1, 10, 10]
    await Promise.all(counts.map((count, n) => broker.append(to('c', String(n), { count }))))
    assert.deepEqual(dataOf(await broker.read(head, ['c'], all)), ['3', '4', '5'])
  })

  it('announces what is followed, in order, with all that can be read of it', async ({ broker }) => {
    const head = await broker.head()
    const ear = createEar(broker)
    await Promise.all([ear.following.follow('a'), ear.following.follow('b')])
    await Promise.all(range(100).map((n) => broker.append(to(['a', 'b', 'other'][n % 3] ?? '', String(n)))))
    const last = await broker.append({ ...to(['a', 'b'], 'last'), event: 'E', key: 'K' })
    const heard = distinct(
      (await ear.until((entry) => entry.position === last)).filter((entry) => entry.position !== null),
    )
    assert.deepEqual(heard, (await broker.read(head, ['a', 'b'], all)).entries)
  })

  it('announces what is followed anew as soon as it was let go', async ({ broker }) => {
    const ear = createEar(broker)
    await ear.following.follow('a')
    for (const n of range(5)) {
      ear.following.unfollow('a')
      await ear.following.follow('a')
      await broker.append(to('a', String(n)))
    }
    assert.deepEqual(
      (await ear.heard(5)).map(({ data }) => data),
      range(5).map(String),
    )
  })

  it('announces nothing that is not followed, or no more', async ({ broker }) => {
    const ear = createEar(broker)
    await Promise.all([ear.following.follow('a'), ear.following.follow('b')])
    ear.following.unfollow('b')
    await broker.append(to('b', 'unheard'))
    await broker.append(to('c', 'unheard'))
    await broker.append(to('a', 'heard'))
    assert.deepEqual(
      (await ear.heard(1)).map(({ data }) => data),
      ['heard'],
    )
    await ear.following.follow('b')
    await broker.append(to('b', 'again'))
    assert.deepEqual(
      (await ear.heard(2)).map(({ data }) => data),
      ['heard', 'again'],
    )
  })

  it('announces to every follower, the publisher included', async ({ broker }) => {
    const ears = [createEar(broker), createEar(broker)]
    for (const ear of ears) await ear.following.follow('a')
    await broker.append(to('a', '1'))
    for (const ear of ears)
      assert.deepEqual(
        (await ear.heard(1)).map(({ data }) => data),
        ['1'],
      )
  })

  it('misses nothing between a follow and the read after it', async ({ broker }) => {
    const head = await broker.head()
    const ear = createEar(broker)
    const appended = Promise.all(range(200).map((n) => broker.append(to('a', String(n)))))
    await ear.following.follow('a')
    const page = await broker.read(head, ['a'], all)
    await appended
    const last = await broker.append(to('a', 'last'))
    const live = await ear.until((entry) => entry.position === last)
    const after = live.filter(({ position }) => broker.compare(position ?? '', page.next) > 0)
    assert.deepEqual([...dataOf(page), ...after.map(({ data }) => data)], [...range(200).map(String), 'last'])
  })

  it('tells that all is lost to a cursor from before its log, and to one ahead of it', async ({ broker }) => {
    const head = await broker.head()
    await broker.append(to('a', '1'))
    const gaps = [
      { channel: 'a', reason: 'lost' },
      { channel: 'b', reason: 'lost' },
    ]
    const before = broker.parse('5-3') ?? ''
    const page = await broker.read(before, ['a', 'b'], all)
    assert.deepEqual([page.gaps, dataOf(page)], [gaps, ['1']])
    const ahead = broker.parse(`${Date.now() + 10 ** 9}-3`) ?? ''
    assert.deepEqual(await broker.read(ahead, ['a', 'b'], all), {
      entries: [],
      gaps,
      next: await broker.head(),
      done: true,
    })
    assert.deepEqual((await broker.read(head, ['a', 'b'], all)).gaps, [])
  })

  it('reads from a time, which nobody can have lost anything since', async ({ broker }) => {
    await broker.append(to('a', '1'))
    const long = await broker.read(broker.at(0), ['a', 'b'], all)
    assert.deepEqual([dataOf(long), long.gaps], [['1'], []])
    const future = await broker.read(broker.at(Date.now() + 10 ** 9), ['a', 'b'], all)
    assert.deepEqual(future, { entries: [], gaps: [], next: await broker.head(), done: true })
  })

  it('knows its own positions from other text', async ({ broker }) => {
    const position = (await broker.append(to('a', '1'))) ?? ''
    assert.equal(broker.parse(position), position)
    for (const text of [
      '',
      'x',
      'not-a-position',
      '1',
      '1-',
      '-1',
      '1-2-3',
      ' 1-1',
      '1-1\n',
      '1e3-1',
      '99999999999999999999-1',
    ]) {
      assert.equal(broker.parse(text), undefined, JSON.stringify(text))
    }
    assert.ok(broker.compare(broker.parse('9-1') ?? '', broker.parse('10-1') ?? '') < 0)
    assert.ok(broker.compare(broker.parse('9-10') ?? '', broker.parse('9-9') ?? '') > 0)
  })

  it('takes no message once it is closed', async ({ broker }) => {
    await broker.close()
    await assert.rejects(broker.append(to('a', '1')), { code: 'broker_closed' })
  })
}

function start(broker: Broker): Position {
  return broker.at(0)
}

function to(channels: string | readonly string[], data: string, kept: Partial<Retention> = {}): Outgoing {
  const names = typeof channels === 'string' ? [channels] : channels
  return { channels: names, data, retention: names.map(() => retention(kept)) }
}

function retention(kept: Partial<Retention>): Retention {
  return { ...defaultRetention, ...kept }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

function dataOf(page: Page): string[] {
  return page.entries.map(({ data }) => data)
}

/** A message on two followed channels may be announced twice. */
function distinct(entries: readonly Entry[]): Entry[] {
  return entries.filter((entry, index) => entries.findIndex(({ position }) => position === entry.position) === index)
}

async function readAll(broker: Broker, after: Position, channels: readonly string[]): Promise<Page> {
  return broker.read(after, channels, all)
}

/** Every page whose cursor lies before the gap's end is to name it, and no other. */
function assertGap(
  { compare }: Broker,
  start: Position,
  pages: readonly Page[],
  gap: ChannelGap & { readonly until: Position },
): void {
  let cursor = start
  for (const { gaps, next } of pages) {
    assert.deepEqual(gaps, compare(cursor, gap.until) < 0 ? [gap] : [])
    cursor = next
  }
}

async function readPages(
  broker: Broker,
  after: Position,
  channels: readonly string[],
  limit: PageLimit,
): Promise<Page[]> {
  const pages: Page[] = []
  for (let cursor = after; !pages.at(-1)?.done; cursor = pages.at(-1)?.next ?? cursor) {
    pages.push(await broker.read(cursor, channels, limit))
  }
  return pages
}
