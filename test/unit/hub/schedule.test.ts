import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memory } from '../../../src/broker/memory/memory.ts'
import { defineChannel } from '../../../src/channels/define.ts'
import { type SlowPolicy, slowPolicies } from '../../../src/channels/slow.ts'
import { createHub } from '../../../src/hub/hub.ts'
import { type FaultyBroker, faultyBroker } from '../../support/faulty-broker.ts'
import { Listener, settle, soon, turn } from '../../support/listener.ts'

/**
 * Whatever happens in whatever order, every reader sees what was published on its channels after it first connected, once and in
 * order; or, on a channel that conflates, a later one of its key in its stead. Random schedules of publishing, readers that come, stall, leave and come back with their cursor, a connection to the
 * broker that is lost and regained, and failing reads.
 */

const channels = ['a', 'b', 'c'] as const
const audiences = [['a'], ['b'], ['a', 'b'], ['c', 'a'], ['a', 'b', 'c']] as const

interface Burst {
  readonly on: readonly string[]
  readonly count: number
}

type Step =
  | { readonly do: 'publish'; readonly on: readonly string[]; readonly size: number; readonly key: string | undefined }
  | { readonly do: 'storm'; readonly isRestart: boolean; readonly missed: readonly Burst[] }
  | { readonly do: 'join' | 'leave' | 'stall' | 'flow'; readonly who: number }
  | { readonly do: 'interrupt' | 'resume' | 'hold' | 'release' | 'turn' | 'fail' | 'lose'; readonly who?: undefined }

const who = fc.nat({ max: audiences.length - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      on: fc.subarray([...channels], { minLength: 1 }),
      size: fc.constantFrom(1, 50, 3_000),
      key: fc.constantFrom(undefined, 'x', 'y'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('join' as const, 'leave' as const, 'stall' as const, 'flow' as const),
      who,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'interrupt' as const,
        'resume' as const,
        'hold' as const,
        'release' as const,
        'fail' as const,
      ),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'turn' as const }) },
)

/** What becomes of the slow readers of each channel. */
type Policies = Readonly<Record<string, SlowPolicy>>
const policies: fc.Arbitrary<Policies> = fc.record({
  a: fc.constantFrom(...slowPolicies),
  b: fc.constantFrom(...slowPolicies),
  c: fc.constantFrom(...slowPolicies),
})

interface Published {
  readonly on: readonly string[]
  readonly key: string | undefined
  readonly data: string
  readonly position: string
}

/** Whether a reader of `own` may go without it: on each of them there is a later one that makes up for it. */
function isMadeUpFor(message: Published, own: readonly string[], slow: Policies, due: readonly Published[]): boolean {
  const later = due.slice(due.indexOf(message) + 1).filter(({ key }) => key !== undefined && key === message.key)
  return message.on
    .filter((name) => own.includes(name))
    .every((name) => slow[name] === 'conflate' && later.some(({ on }) => on.includes(name)))
}

async function run(steps: readonly Step[], slow: Policies, isInOrder: boolean): Promise<void> {
  const broker: FaultyBroker = faultyBroker(memory())
  const startHub = () =>
    createHub({
      channels: [defineChannel('*')],
      broker,
      slow: (channel) => slow[channel] ?? 'catch-up',
      // A fan-out takes one turn or several.
      limits: { outbox: 4_000, slice: 1 + (steps.length % 4) },
      onError: () => {},
      // Retries of failed reads follow at once.
      clock: { now: Date.now, after: soon, every: () => () => {} },
    })
  let hub = startHub()
  const listeners = audiences.map((names) => new Listener(names))
  const published: Published[] = []
  let isDown = false
  const publish = async (on: readonly string[], text: string, key?: string) => {
    const data = `${published.length}:${text}`
    published.push({ on, key, data, position: (await hub.publish(on, data, { key })) ?? '' })
  }

  for (const next of steps) {
    if (next.do === 'publish') {
      await publish(next.on, 'x'.repeat(next.size), next.key)
    } else if (next.do === 'storm') {
      const back = listeners.filter(({ reader }) => reader !== undefined)
      for (const listener of back) listener.leave()
      // The old one is left to itself: to close it would close the broker.
      if (next.isRestart) hub = startHub()
      for (const { on, count } of next.missed) for (let n = 0; n < count; n++) await publish(on, 'x'.repeat(n % 50))
      await Promise.all(back.map((listener) => listener.join(hub)))
    } else if (next.do === 'turn') await turn()
    else if (next.do === 'hold') broker.hold()
    else if (next.do === 'release') broker.release()
    else if (next.do === 'lose') broker.lose(1)
    else if (next.do === 'fail') broker.failReads(2)
    else if (next.do === 'interrupt' || next.do === 'resume') {
      if (isDown === (next.do === 'interrupt')) continue
      isDown = next.do === 'interrupt'
      broker[next.do]()
    } else if (next.who !== undefined) {
      const listener = listeners[next.who]
      if (next.do === 'join') await listener?.join(hub)
      else if (next.do === 'leave') listener?.leave()
      else if (next.do === 'stall') listener?.reader?.stall()
      else listener?.reader?.flow()
    }
  }

  broker.lose(0)
  broker.release()
  if (isDown) broker.resume()
  // What was lost without a word shows in what comes next on its channel.
  for (const name of channels) await publish([name], 'end')
  for (const listener of listeners) {
    listener.reader?.flow()
    if (listener.cursor !== undefined) await listener.join(hub)
  }
  for (const listener of listeners) {
    if (listener.cursor === undefined) continue
    const due = published.filter(
      ({ on, position }) =>
        broker.compare(position, listener.start) > 0 && on.some((name) => listener.channels.includes(name)),
    )
    const numbers = () => [...listener.seen, ...(listener.reader?.data ?? [])].map(numberOf)
    const missing = () => {
      const have = new Set(numbers())
      return due.filter(
        (message) => !have.has(numberOf(message.data)) && !isMadeUpFor(message, listener.channels, slow, due),
      )
    }
    await settle(() => {
      listener.reader?.flow()
      return missing().length === 0
    })
    expect(missing()).toEqual([])
    const seen = numbers()
    const expected = new Set(due.map(({ data }) => numberOf(data)))
    expect([seen.length, seen.filter((number) => !expected.has(number))]).toEqual([new Set(seen).size, []])
    if (isInOrder) expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    for (const name of listener.channels) {
      const onChannel = seen.filter((number) => published[number]?.on.includes(name))
      expect(onChannel).toEqual(onChannel.toSorted((a, b) => a - b))
    }
    expect(listener.gaps + (listener.reader?.gaps.length ?? 0)).toBe(0)
  }
  for (const listener of listeners) listener.leave()
  await turn()
  expect([hub.subscribers, hub.channels]).toEqual([0, 0])
  await hub.close()
}

function numberOf(data: string): number {
  return Number(data.split(':')[0])
}

const numRuns = Number(process.env.SCHEDULES ?? 300)
const schedule = fc.array(step, { minLength: 5, maxLength: 80 })
const lossy = fc.array(
  fc.oneof({ weight: 1, arbitrary: fc.constant<Step>({ do: 'lose' }) }, { weight: 6, arbitrary: step }),
  {
    minLength: 5,
    maxLength: 80,
  },
)

test('every reader sees everything after its cursor once and in order, whatever happens', { timeout: 60_000 }, () =>
  fc.assert(
    fc.asyncProperty(schedule, policies, (steps, slow) => run(steps, slow, true)),
    { numRuns },
  ),
)

const stormy = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: step },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('storm' as const),
        isRestart: fc.boolean(),
        missed: fc.array(
          fc.record({
            on: fc.subarray([...channels], { minLength: 1 }),
            // More than a page and a ring hold.
            count: fc.constantFrom(1, 10, 200, 600),
          }),
          { maxLength: 4 },
        ),
      }),
    },
  ),
  { minLength: 5, maxLength: 40 },
)

test(
  'so does every reader of several who come back at once, to this hub or a new one, and to long histories',
  {
    timeout: 60_000,
  },
  () =>
    fc.assert(
      fc.asyncProperty(stormy, policies, (steps, slow) => run(steps, slow, true)),
      { numRuns: Math.ceil(numRuns / 5) },
    ),
)

// Who leaves or falls behind before a hole shows has a cursor past it, if another of his channels went on. No cursor can tell
// of what nobody has noticed; it takes a broker that loses announcements without losing the connection, which none does.
test(
  'announcements that are lost without a word are made up for, in the order of each channel',
  { timeout: 60_000 },
  () =>
    fc.assert(
      fc.asyncProperty(lossy, policies, (steps, slow) =>
        run(
          steps.filter((next) => next.do !== 'leave' && next.do !== 'stall'),
          slow,
          false,
        ),
      ),
      { numRuns },
    ),
)
