import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { defineEvent } from '../../../src/events/define.ts'
import { createEvents } from '../../../src/events/dispatch.ts'
import { toStored } from '../../../src/events/stored.ts'
import { fakeEvents } from '../../../src/testing/fake-events.ts'
import { manualClock } from '../../../src/testing/manual-clock.ts'
import { recordEvents } from '../../../src/testing/record-events.ts'

const Placed = defineEvent('Placed', z.object({ order: z.string(), total: z.number() }))
const Paid = defineEvent('Paid', z.object({ order: z.string() }))

const placed = (order = '1', total = 5) => Placed({ order, total })

describe('fake events', () => {
  it('write down what is dispatched, and give it by definition and filter', async () => {
    const events = fakeEvents()
    const [first, second, paid] = [placed('1', 5), placed('2', 7), Paid({ order: '1' })]
    for (const event of [first, paid, second]) await events.dispatch(event)

    expect(events.dispatched()).toEqual([first, paid, second])
    expect(events.dispatched(Placed)).toEqual([first, second])
    expect(events.dispatched(Placed, { total: 7 })).toEqual([second])
    expect(events.dispatched(Placed, ({ data }) => data.total < 7)).toEqual([first])
    expect(events.dispatched(Placed, { order: expect.stringMatching(/^[12]$/) })).toEqual([first, second])
  })

  it('say what was dispatched instead of what was expected', async () => {
    const events = fakeEvents()
    await events.dispatch(placed('1', 5))
    await events.dispatch(Paid({ order: '1' }))

    expect(() => events.assertDispatched(Placed, { total: 6 })).toThrow(
      "Expected Placed to have been dispatched with { total: 6 }, and it was not. Dispatched:\n  Placed { order: '1', total: 5 }\n  Paid { order: '1' }",
    )
    expect(() => events.assertDispatchedTimes(Placed, 2)).toThrow(
      'Expected Placed to have been dispatched 2 times, and it was once.',
    )
    expect(() => events.assertNotDispatched(Paid)).toThrow('Expected Paid not to have been dispatched, and it was.')
    expect(() => events.assertNothingDispatched()).toThrow(
      'Expected any event not to have been dispatched, and it was.',
    )
    expect(() => fakeEvents().assertDispatched(Placed)).toThrow('and it was not. Dispatched: nothing.')
    events.assertDispatched(Placed, { total: 5 })
    events.assertDispatchedTimes(Placed, 1)
    events.assertNotDispatched(Placed, { order: '2' })
    fakeEvents().assertNothingDispatched()
  })

  it('refuse what real ones refuse', async () => {
    const events = fakeEvents()
    // @ts-expect-error: no event
    await expect(events.dispatch({ name: 'Placed' })).rejects.toMatchObject({ code: 'event_invalid' })
    expect(() => events.listen(Placed, () => {}, { queue: true } as never)).toThrow('needs an id')
    await events.close()
    await expect(events.dispatch(placed())).rejects.toMatchObject({ code: 'events_closed' })
  })

  it('run inline listeners in the dispatch, and write down what these dispatch after it', async () => {
    const events = fakeEvents()
    events.listen(Placed, ({ data }) => events.dispatch(Paid({ order: data.order })))
    await events.dispatch(placed('9'))
    expect(events.dispatched().map(({ name }) => name)).toEqual(['Placed', 'Paid'])
  })

  it('fail the dispatch as real ones do', async () => {
    const events = fakeEvents()
    events.listen(Placed, () => Promise.reject(new Error('boom')), { id: 'bill' })
    await expect(events.dispatch(placed())).rejects.toMatchObject({
      message: expect.stringContaining('1 of 1 listeners'),
      failures: [{ listener: 'bill' }],
    })
    events.assertDispatched(Placed)
  })

  it.each([
    ['none', false, []],
    ['those of some events', [Paid], ['Paid']],
    ['those that a function says', (event: { name: string }) => event.name === 'Placed', ['Placed']],
    ['all', true, ['Placed', 'Paid']],
  ] as const)('run %s of the listeners', async (_, run, expected) => {
    const events = fakeEvents({ run })
    const ran: string[] = []
    events.listen('*', ({ name }) => ran.push(name))
    events.listen('*', () => {}, { id: 'queued', queue: true })
    await events.dispatch(placed())
    await events.dispatch(Paid({ order: '1' }))
    expect(ran).toEqual(expected)
    expect(events.queued('queued').map(({ event }) => event.name)).toEqual(expected)
    expect(events.dispatched()).toHaveLength(2)
  })

  describe('with a buffer', () => {
    it('hold what is dispatched within it, and count it when it has succeeded', async () => {
      const events = fakeEvents()
      const listener = vi.fn()
      events.listen(Placed, listener)
      const result = await events.buffer(async () => {
        await events.dispatch(placed())
        await events.buffer(() => events.dispatch(placed()))
        events.assertNothingDispatched()
        expect(listener).not.toHaveBeenCalled()
        return 'saved'
      })
      expect(result).toBe('saved')
      events.assertDispatchedTimes(Placed, 2)
      expect(listener).toHaveBeenCalledTimes(2)
    })

    it('drop it when it has failed', async () => {
      const events = fakeEvents()
      const work = async () => {
        await events.dispatch(placed())
        throw new Error('rolled back')
      }
      await expect(events.buffer(work)).rejects.toThrow('rolled back')
      events.assertNothingDispatched()
    })

    it('tell the failures of all listeners', async () => {
      const events = fakeEvents()
      events.listen(Placed, ({ data }) => Promise.reject(new Error(data.order)))
      const both = events.buffer(async () => {
        await events.dispatch(placed('1'))
        await events.dispatch(placed('2'))
      })
      await expect(both).rejects.toThrow(AggregateError)
      events.assertDispatchedTimes(Placed, 2)
    })
  })

  it('write down what an outbox dispatches', async () => {
    const events = fakeEvents()
    const listener = vi.fn()
    events.listen(Placed, listener)
    await events.dispatchStored(toStored(placed('7'), 'kept'))
    events.assertDispatched(Placed, { order: '7' })
    expect(listener).toHaveBeenCalledTimes(1)
  })
})

describe('queued listeners of fake events', () => {
  it('wait until they are told to run, and can be asked for', async () => {
    const events = fakeEvents()
    const listener = vi.fn()
    events.listen(Placed, listener, { id: 'mail', queue: { name: 'mails', attempts: 5 } })
    await events.dispatch(placed('1'))
    await new Promise((resolve) => setImmediate(resolve))

    expect(listener).not.toHaveBeenCalled()
    expect(events.queued('mail')).toMatchObject([{ listener: 'mail', queue: 'mails', attempts: 5 }])
    expect(await events.counts()).toEqual([{ queue: 'mails', waiting: 1, delayed: 0, running: 0, failed: 0 }])
    events.assertQueued('mail', { order: '1' })
    events.assertNotQueued('mail', { order: '2' })
    expect(() => events.assertQueued('push')).toThrow(
      "Expected a job of push to have been queued, and it was not. Queued:\n  mail for Placed { order: '1', total: 5 }",
    )

    expect(await events.runJobs()).toMatchObject([{ job: { listener: 'mail' }, attempt: 1, outcome: { kind: 'done' } }])
    expect(listener).toHaveBeenCalledTimes(1)
    expect(events.queued('mail')).toHaveLength(1)
    expect(await events.runJobs()).toEqual([])
  })

  it('run in the turn in which they were registered and dispatched to', async () => {
    const events = fakeEvents()
    const listener = vi.fn()
    events.listen(Placed, listener, { id: 'mail', queue: true })
    void events.dispatch(placed())
    await events.runJobs()
    expect(listener).toHaveBeenCalledTimes(1)
  })

  it('run with what they lead to', async () => {
    const events = fakeEvents()
    const order: string[] = []
    events.listen(
      Placed,
      async ({ data }) => {
        order.push('mail')
        await events.dispatch(Paid(data))
      },
      { id: 'mail', queue: true },
    )
    events.listen(Paid, () => order.push('bill'), { id: 'bill', queue: true })
    await events.dispatch(placed('3'))
    await events.runJobs()
    expect(order).toEqual(['mail', 'bill'])
    events.assertDispatched(Paid, { order: '3' })
  })

  it('wait for their delay by the clock', async () => {
    const events = fakeEvents()
    const listener = vi.fn()
    events.listen(Placed, listener, { id: 'remind', queue: { delay: 60_000 } })
    await events.dispatch(placed())
    events.clock.advance(59_999)
    await events.runJobs()
    expect(listener).not.toHaveBeenCalled()
    events.clock.advance(1)
    await events.runJobs()
    expect(listener).toHaveBeenCalledTimes(1)
  })

  it('that fail make runJobs fail, which says what they threw and what becomes of them', async () => {
    const events = fakeEvents()
    const boom = new Error('no mail server')
    events.listen(Placed, () => Promise.reject(boom), { id: 'mail', queue: { backoff: 1_000 } })
    const other = vi.fn()
    events.listen(Placed, other, { id: 'other', queue: true })
    const event = placed()
    await events.dispatch(event)
    await expect(events.runJobs()).rejects.toMatchObject({
      code: 'listener_failed',
      cause: boom,
      message:
        `Queued listener "mail" failed in run 1 for event "Placed" (${event.id}), and is to be run again in 1000 ms: no mail server\n` +
        'Where runs may fail, say so: runJobs({ mayFail: true })',
    })
    expect(other).toHaveBeenCalledTimes(1)
  })

  it('are retried within the time that they are given, and the clock goes on by that', async () => {
    const clock = manualClock(0)
    const events = fakeEvents({ clock })
    const at: number[] = []
    const onFailed = vi.fn()
    const fail = () => {
      at.push(clock.now())
      throw new Error('not yet')
    }
    events.listen(Placed, fail, { id: 'mail', queue: { attempts: 3, backoff: [1_000, 5_000] }, onFailed })
    await events.dispatch(placed())
    const ran = await events.runJobs({ within: 10_000, mayFail: true })
    expect(at).toEqual([0, 1_000, 6_000])
    expect(clock.now()).toBe(10_000)
    expect(ran.map(({ outcome }) => outcome.kind)).toEqual(['retry', 'retry', 'failed'])
    expect(onFailed).toHaveBeenCalledTimes(1)
    expect(await events.failed.list()).toMatchObject([{ attempts: 3, error: { message: 'not yet' } }])
    expect(await events.failed.retry({})).toBe(1)
    expect(await events.runJobs({ mayFail: true })).toMatchObject([{ attempt: 1 }])
  })

  it('that take too long are ended by the clock', async () => {
    const events = fakeEvents()
    let started = () => {}
    const isStarted = new Promise<void>((resolve) => (started = resolve))
    const hang = () => {
      started()
      return new Promise(() => {})
    }
    events.listen(Placed, hang, { id: 'mail', queue: { timeout: 5_000, attempts: 1 } })
    await events.dispatch(placed())
    const running = events.runJobs({ mayFail: true })
    await isStarted
    events.clock.advance(5_000)
    expect(await running).toMatchObject([{ outcome: { kind: 'failed', error: { code: 'listener_timeout' } } }])
    expect(events.clock.timers).toBe(0)
  })

  it('tell what an onFailed throws', async () => {
    const events = fakeEvents()
    const onFailed = () => Promise.reject(new Error('nor this'))
    const fail = () => Promise.reject(new Error('boom'))
    events.listen(Placed, fail, { id: 'mail', queue: { attempts: 1 }, onFailed })
    await events.dispatch(placed())
    await expect(events.runJobs()).rejects.toThrow(/boom[\s\S]*nor this/)
  })

  it('that lead to themselves are stopped', async () => {
    const events = fakeEvents()
    events.listen(Placed, () => events.dispatch(placed()), { id: 'loop', queue: true })
    await events.dispatch(placed())
    await expect(events.runJobs()).rejects.toThrow('Does a listener dispatch the event that it listens to?')
  })

  it('are queued once for an event, and for a unique key while a job waits', async () => {
    const events = fakeEvents()
    events.listen(Placed, () => {}, { id: 'mail', queue: true })
    events.listen(Placed, () => {}, { id: 'index', queue: { unique: ({ data }) => data.order } })
    const event = placed('1')
    await events.dispatch(event)
    await events.dispatch(event)
    await events.dispatch(placed('1'))
    expect(events.queued('mail')).toHaveLength(2)
    expect(events.queued('index')).toHaveLength(1)
    await events.runJobs()
    await events.dispatch(placed('1'))
    expect(events.queued('index')).toHaveLength(2)
  })

  it('that wait when it is closed are not run', async () => {
    const events = fakeEvents()
    const listener = vi.fn()
    events.listen(Placed, listener, { id: 'mail', queue: true })
    await events.dispatch(placed())
    await events.close()
    await events.runJobs()
    expect(listener).not.toHaveBeenCalled()
    events.assertQueued('mail')
  })

  it('that run when it is closed are waited for', async () => {
    const events = fakeEvents()
    const order: string[] = []
    let finish = () => {}
    const listener = () =>
      new Promise<void>((resolve) => {
        finish = () => {
          order.push('ran')
          resolve()
        }
        started()
      })
    let started = () => {}
    const isStarted = new Promise<void>((resolve) => (started = resolve))
    events.listen(Placed, listener, { id: 'mail', queue: true })
    await events.dispatch(placed())
    const running = events.runJobs()
    await isStarted
    const closed = events.close().then(() => order.push('closed'))
    expect(await events.counts()).toMatchObject([{ running: 1 }])
    finish()
    await Promise.all([running, closed])
    expect(order).toEqual(['ran', 'closed'])
  })

  it('run although the test has fake timers', async () => {
    vi.useFakeTimers()
    try {
      const events = fakeEvents()
      const listener = vi.fn()
      events.listen(Placed, listener, { id: 'mail', queue: true })
      await events.dispatch(placed())
      await events.runJobs()
      expect(listener).toHaveBeenCalledTimes(1)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('recording real events', () => {
  it('writes down what is dispatched, until it is undone', async () => {
    const events = createEvents()
    const listener = vi.fn()
    events.listen(Placed, listener)
    const recording = recordEvents(events)
    await events.buffer(() => events.dispatch(placed('1')))
    recording.undo()
    await events.dispatch(placed('2'))

    expect(recording.dispatched(Placed)).toMatchObject([{ data: { order: '1' } }])
    expect(listener).toHaveBeenCalledTimes(2)
    expect(Object.keys(events)).toEqual(Object.keys(createEvents()))
    await events.close()
  })

  it('keeps listeners from running where it is told to', async () => {
    const events = createEvents()
    const listener = vi.fn()
    events.listen('*', listener)
    const recording = recordEvents(events, { run: [Paid] })
    await events.dispatch(placed())
    await events.dispatch(Paid({ order: '1' }))
    recording.undo()
    recording.assertDispatched(Placed)
    expect(listener.mock.calls.map(([event]) => event.name)).toEqual(['Paid'])
    await events.close()
  })

  it('is done within another one', async () => {
    const events = createEvents()
    const outer = recordEvents(events)
    const inner = recordEvents(events)
    await events.dispatch(placed())
    inner.undo()
    await events.dispatch(placed())
    outer.undo()
    inner.assertDispatchedTimes(Placed, 1)
    outer.assertDispatchedTimes(Placed, 2)
    await events.close()
  })
})
