import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { defineEvent, type Event } from '../../../src/events/define.ts'
import { createEvents } from '../../../src/events/dispatch.ts'
import { DispatchError } from '../../../src/events/dispatch-error.ts'
import { turn } from '../../support/manual-clock.ts'

const NewMessage = defineEvent('NewMessage', z.object({ message: z.string() }))
const OrderPlaced = defineEvent('OrderPlaced', z.object({ total: z.number() }))
const OrderPaid = defineEvent('OrderPaid', z.object({ total: z.number() }))

const hello = () => NewMessage({ message: 'Hello' })

describe('dispatch', () => {
  it('gives the event to its listeners and to no others', async () => {
    const events = createEvents()
    const [mine, other] = [vi.fn(), vi.fn()]
    events.listen(NewMessage, mine)
    events.listen(OrderPlaced, other)
    const event = hello()
    await events.dispatch(event)
    expect(mine).toHaveBeenCalledExactlyOnceWith(event, { event, attempt: 1 })
    expect(other).not.toHaveBeenCalled()
  })

  it('runs listeners one after the other, in order of registration, whatever they listen to', async () => {
    const events = createEvents()
    const order: string[] = []
    const listener = (name: string) => async () => {
      order.push(`${name} begins`)
      await turn()
      order.push(`${name} ends`)
    }
    events.listen('*', listener('a'))
    events.listen(NewMessage, listener('b'))
    events.listen('New*', listener('c'))
    events.listen([OrderPlaced, NewMessage], listener('d'))
    await events.dispatch(hello())
    expect(order).toEqual(['a', 'b', 'c', 'd'].flatMap((name) => [`${name} begins`, `${name} ends`]))
  })

  it('calls a listener with nothing of its own as this', async () => {
    const events = createEvents()
    const seen: unknown[] = []
    events.listen(NewMessage, function (this: unknown) {
      seen.push(this)
    })
    await events.dispatch(hello())
    expect(seen).toEqual([undefined])
  })

  it('resolves when nobody listens', async () => {
    await createEvents().dispatch(hello())
  })

  it('starts the first listener before it returns', () => {
    const events = createEvents()
    const listener = vi.fn()
    events.listen(NewMessage, listener)
    void events.dispatch(hello())
    expect(listener).toHaveBeenCalled()
  })

  it('may be called by a listener, whose dispatch is done first', async () => {
    const events = createEvents()
    const order: string[] = []
    events.listen(OrderPlaced, async ({ data }) => {
      await events.dispatch(OrderPaid(data))
      order.push('placed')
    })
    events.listen(OrderPaid, () => order.push('paid'))
    await events.dispatch(OrderPlaced({ total: 1 }))
    expect(order).toEqual(['paid', 'placed'])
  })

  it('gives a listener added meanwhile the next event, not this one', async () => {
    const events = createEvents()
    const late = vi.fn()
    events.listen(NewMessage, () => events.listen(NewMessage, late), { once: true })
    await events.dispatch(hello())
    expect(late).not.toHaveBeenCalled()
    await events.dispatch(hello())
    expect(late).toHaveBeenCalledTimes(1)
  })

  it('does not start a listener that was removed meanwhile', async () => {
    const events = createEvents()
    const removed = vi.fn()
    events.listen(NewMessage, () => undo())
    const undo = events.listen(NewMessage, removed)
    await events.dispatch(hello())
    expect(removed).not.toHaveBeenCalled()
  })

  it.each([
    [null, 'not null'],
    [{ id: '1', name: 'NewMessage', data: {}, at: 1 }, 'do not copy it'],
    [{ ...hello() }, 'do not copy it'],
    [NewMessage, 'Did you mean to call the definition'],
  ])('refuses what is not an event: %o', async (value, hint) => {
    const error = { code: 'event_invalid', message: expect.stringContaining(hint) }
    await expect(createEvents().dispatch(value as unknown as Event)).rejects.toMatchObject(error)
  })
})

describe('a listener that fails', () => {
  const boom = new Error('boom')
  const crash = new TypeError('crash')

  it('does not stop the others, whether it throws or rejects', async () => {
    const events = createEvents()
    const after = vi.fn()
    events.listen(NewMessage, () => {
      throw boom
    })
    events.listen(NewMessage, () => Promise.reject(crash))
    events.listen(NewMessage, after)
    await expect(events.dispatch(hello())).rejects.toThrow(DispatchError)
    expect(after).toHaveBeenCalledTimes(1)
  })

  it('is reported by id, else by the name of its function, else as anonymous', async () => {
    const events = createEvents()
    const fail = () => Promise.reject(boom)
    events.listen(NewMessage, fail, { id: 'send-push' })
    events.listen(NewMessage, fail)
    events.listen(NewMessage, () => Promise.reject(crash))
    events.listen(NewMessage, () => {})
    const event = hello()
    const error: unknown = await events.dispatch(event).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DispatchError)
    expect(error).toMatchObject({
      name: 'DispatchError',
      code: 'listener_failed',
      message: `3 of 4 listeners of event "NewMessage" (${event.id}) failed. send-push: boom; fail: boom; anonymous: crash`,
      event,
      failures: [
        { listener: 'send-push', error: boom },
        { listener: 'fail', error: boom },
        { listener: 'anonymous', error: crash },
      ],
      cause: { errors: [boom, boom, crash] },
      data: { id: event.id, event: 'NewMessage', listeners: ['send-push', 'fail', 'anonymous'] },
    })
  })

  it('is the cause of the report when it alone failed, whatever it threw', async () => {
    const events = createEvents()
    events.listen(NewMessage, () => Promise.reject('a text'), { id: 'odd' })
    await expect(events.dispatch(hello())).rejects.toMatchObject({
      cause: 'a text',
      message: expect.stringContaining('odd: "a text"'),
    })
  })

  it('fails the listener that dispatched the event, too', async () => {
    const events = createEvents()
    events.listen(OrderPlaced, ({ data }) => events.dispatch(OrderPaid(data)), { id: 'outer' })
    events.listen(OrderPaid, () => Promise.reject(boom), { id: 'inner' })
    await expect(events.dispatch(OrderPlaced({ total: 1 }))).rejects.toMatchObject({
      failures: [{ listener: 'outer', error: { failures: [{ listener: 'inner', error: boom }] } }],
    })
  })

  it('is not told to onError, for the dispatch is awaited', async () => {
    const onError = vi.fn()
    const events = createEvents({ onError })
    events.listen(NewMessage, () => Promise.reject(boom))
    await events.dispatch(hello()).catch(() => {})
    expect(onError).not.toHaveBeenCalled()
  })
})

describe('close', () => {
  it('refuses what is dispatched after it', async () => {
    const events = createEvents()
    await events.close()
    await expect(events.dispatch(hello())).rejects.toMatchObject({ code: 'events_closed' })
  })

  it('waits for the dispatches under way, and leaves their failures to their callers', async () => {
    const events = createEvents()
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const order: string[] = []
    events.listen(NewMessage, async () => {
      await gate
      order.push('listener')
      throw new Error('boom')
    })
    const dispatched = events.dispatch(hello()).catch(() => order.push('caller'))
    const closing = events.close().then(() => order.push('close'))
    expect(events.close()).toBe(events.close())
    await turn()
    expect(order).toEqual([])
    open()
    await Promise.all([dispatched, closing])
    expect(order[0]).toBe('listener')
    expect(order).toHaveLength(3)
  })
})
