import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defineChannel } from '../../../src/channels/define.ts'
import { createHub } from '../../../src/hub/hub.ts'
import { branchingBroker } from '../../support/branching-broker.ts'
import { faultyBroker } from '../../support/faulty-broker.ts'
import { Listener, settle, soon, turn } from '../../support/listener.ts'

/**
 * A log that loses its end and goes on: whoever was shown what is gone is told once, nobody else is, and everyone gets all that the
 * log has, once and in order.
 */

const channels = ['a', 'b'] as const
const audiences = [['a'], ['b'], ['a', 'b'], ['b', 'a']] as const

type Step =
  | { readonly do: 'publish'; readonly on: readonly string[] }
  | { readonly do: 'join' | 'leave' | 'stall' | 'flow'; readonly who: number }
  | { readonly do: 'failOver'; readonly lost: number; readonly clockBehind: number; readonly meanwhile: number }
  | { readonly do: 'hold' | 'release' | 'turn'; readonly who?: undefined }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      on: fc.subarray([...channels], { minLength: 1 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('join' as const, 'leave' as const, 'stall' as const, 'flow' as const),
      who: fc.nat({ max: audiences.length - 1 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('failOver' as const),
      lost: fc.nat({ max: 4 }),
      clockBehind: fc.constantFrom(0, 3, 20),
      meanwhile: fc.nat({ max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('hold' as const, 'release' as const, 'turn' as const) }),
  },
)

async function run(steps: readonly Step[]): Promise<void> {
  const log = branchingBroker()
  const broker = faultyBroker(log)
  const hub = createHub({
    channels: [defineChannel('*')],
    broker,
    // A fan-out takes one turn or several.
    limits: { outbox: 500, slice: 1 + (steps.length % 4) },
    onError: () => {},
    clock: { now: Date.now, after: soon, every: () => () => {} },
  })
  const listeners = audiences.map((names) => new Listener(names))
  /** The number of the first message that each is owed. */
  const firsts = new Map<Listener, number>()
  const lost = new Set<number>()
  let count = 0
  let losses = 0
  let knowsAll = true
  const publish = (on: readonly string[]) => hub.publish(on, `${count++}:${'x'.repeat(100)}`)

  for (const next of steps) {
    if (next.do === 'publish') await publish(next.on)
    else if (next.do === 'turn') await turn()
    else if (next.do === 'hold') broker.hold()
    else if (next.do === 'release') broker.release()
    else if (next.do === 'failOver') {
      broker.interrupt()
      const before = log.entries.map(numberOf)
      knowsAll = log.failOver(next.lost, next.clockBehind) && knowsAll
      const after = new Set(log.entries.map(numberOf))
      for (const number of before) if (!after.has(number)) lost.add(number)
      if (before.length > after.size) losses++
      for (let n = 0; n < next.meanwhile; n++) await publish(['b'])
      broker.resume()
    } else {
      const listener = next.who === undefined ? undefined : listeners[next.who]
      if (listener === undefined) continue
      if (next.do === 'leave') listener.leave()
      else if (next.do === 'stall') listener.reader?.stall()
      else if (next.do === 'flow') listener.reader?.flow()
      else {
        await listener.join(hub)
        if (listener.cursor === undefined || firsts.has(listener)) continue
        const seen = log.entries.findLast((entry) => broker.compare(entry.position ?? '', listener.start) <= 0)
        firsts.set(listener, seen === undefined ? 0 : numberOf(seen) + 1)
      }
    }
  }

  broker.release()
  for (const listener of listeners) {
    listener.reader?.flow()
    if (listener.cursor !== undefined) await listener.join(hub)
  }
  await publish([...channels])
  for (const listener of listeners) {
    const first = firsts.get(listener)
    if (first === undefined) continue
    const due = log.entries
      .filter((entry) => entry.channels.some((name) => listener.channels.includes(name)))
      .map(numberOf)
      .filter((number) => number >= first)
    const seen = () => [...listener.seen, ...(listener.reader?.data ?? [])].map((data) => numberOf({ data }))
    await settle(() => {
      listener.reader?.flow()
      return seen().at(-1) === due.at(-1)
    })
    const gaps = listener.gaps + (listener.reader?.gaps.length ?? 0)
    expect(seen()).toEqual([...new Set(seen())].toSorted((a, b) => a - b))
    // Whose timeline nobody knows any more goes on from its place in time, which may be later than where the branches parted.
    if (knowsAll || gaps === 0) expect(seen().filter((number) => !lost.has(number))).toEqual(due)
    expect(gaps).toBeLessThanOrEqual(losses)
    if (seen().some((number) => lost.has(number))) expect(gaps).toBeGreaterThan(0)
  }
  for (const listener of listeners) listener.leave()
  await turn()
  expect([hub.subscribers, hub.channels]).toEqual([0, 0])
  await hub.close()
}

function numberOf({ data }: { readonly data: string }): number {
  return Number(data.split(':')[0])
}

test(
  'a log that loses its end and goes on: nothing of it is missed, and who saw what is gone is told',
  {
    timeout: 120_000,
  },
  () =>
    fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), run), {
      numRuns: Number(process.env.SCHEDULES ?? 300),
    }),
)
