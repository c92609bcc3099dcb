import { describe, expect, it } from 'vitest'
import { defineChannel } from '../../../src/channels/define.ts'
import { defineEvent, type Event } from '../../../src/events/define.ts'
import { createEvents } from '../../../src/events/dispatch.ts'
import { asRun, currentRun } from '../../../src/events/run.ts'
import { toStored } from '../../../src/events/stored.ts'
import { createHub } from '../../../src/hub/hub.ts'
import { ManualClock, turn } from '../../support/manual-clock.ts'

const Placed = defineEvent<{ order: number }>('Placed')
const Billed = defineEvent<{ order: number }>('Billed')

describe('work that may be repeated', () => {
  it('makes the same events each time, and others for other content, other work, and a second time within it', async () => {
    const make = () =>
      [Placed({ order: 1 }), Placed({ order: 1 }), Placed({ order: 2 }), Billed({ order: 1 })].map(({ id }) => id)
    const first = await asRun('a', make)
    expect(await asRun('a', make)).toEqual(first)
    const ids = new Set([...first, ...(await asRun('b', make)), ...make()])
    expect(ids.size).toBe(12)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[48][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('makes the same events in whatever order it comes to them', async () => {
    const ids = async (orders: number[]) => (await asRun('a', () => orders.map((order) => Placed({ order }).id))).sort()
    expect(await ids([1, 2, 3])).toEqual(await ids([3, 1, 2]))
  })

  it('makes events that JSON does not keep, with ids of their own', async () => {
    const Dated = defineEvent<Date>('Dated')
    const make = () => asRun('a', () => Dated(new Date(0)).id)
    expect(await make()).not.toBe(await make())
  })

  it('ends with what it awaits, also for what goes on after it', async () => {
    let late = Promise.resolve<unknown>(undefined)
    await asRun('a', async () => {
      await turn()
      expect(currentRun()).toBeDefined()
      late = turn().then(currentRun)
    })
    expect(currentRun()).toBeUndefined()
    expect(await late).toBeUndefined()
  })
})

describe('a message', () => {
  async function published(act: (publish: (order: number) => Promise<unknown>) => Promise<void>) {
    const hub = createHub({ channels: [defineChannel('orders')] })
    const start = await hub.head()
    const positions: unknown[] = []
    await act(async (order) => positions.push(await hub.publish('orders', Placed({ order }))))
    await hub.close()
    return { start, positions }
  }

  it('is published once by a queued listener that is run again', async () => {
    const { positions } = await published(async (publish) => {
      const clock = new ManualClock()
      const events = createEvents({ clock })
      const listener = async ({ data }: Event<string, { order: number }>, { attempt }: { attempt: number }) => {
        await publish(data.order)
        await publish(data.order)
        if (attempt === 1) throw new Error('boom')
        await publish(99)
      }
      events.listen(Placed, listener, { id: 'announce', queue: { backoff: 10 } })
      await events.dispatch(Placed({ order: 1 }))
      await turn()
      await turn()
      clock.advance(10)
      await events.close()
    })
    const [first, second, again, secondAgain, other] = positions
    expect(first).not.toBe(second)
    expect([again, secondAgain]).toEqual([first, second])
    expect([first, second]).not.toContain(other)
    expect(positions).toHaveLength(5)
  })

  it('is published once by the inline listeners of an event that is dispatched from where it was kept', async () => {
    const { positions } = await published(async (publish) => {
      const events = createEvents()
      events.listen(Placed, ({ data }) => publish(data.order))
      events.listen('*', () => publish(1))
      const stored = toStored(Placed({ order: 1 }), 'kept')
      await events.dispatchStored(stored)
      await events.dispatchStored(JSON.parse(JSON.stringify(stored)))
      await events.dispatchStored(toStored(Placed({ order: 1 }), 'kept'))
    })
    const [first, second, again, secondAgain, ...others] = positions
    expect(first).not.toBe(second)
    expect([again, secondAgain]).toEqual([first, second])
    expect(new Set([first, second, ...others]).size).toBe(4)
  })

  it('is published each time by a dispatch that nobody repeats', async () => {
    const { positions } = await published(async (publish) => {
      const events = createEvents()
      events.listen(Placed, ({ data }) => publish(data.order))
      const event = Placed({ order: 1 })
      await events.dispatch(event)
      await events.dispatch(event)
    })
    expect(new Set(positions).size).toBe(2)
  })
})
