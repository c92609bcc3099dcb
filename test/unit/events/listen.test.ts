import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { defineEvent } from '../../../src/events/define.ts'
import { createEvents } from '../../../src/events/dispatch.ts'
import type { InlineListenerOptions, ListenTarget } from '../../../src/events/listener.ts'

const OrderPlaced = defineEvent<{ total: number }>('OrderPlaced')
const OrderPaid = defineEvent<{ total: number }>('OrderPaid')
const NewMessage = defineEvent<string>('NewMessage')

async function dispatchAll(events: ReturnType<typeof createEvents>): Promise<void> {
  for (const event of [OrderPlaced({ total: 1 }), OrderPaid({ total: 1 }), NewMessage('Hello')]) {
    await events.dispatch(event)
  }
}

describe('listen', () => {
  it.each<[string, ListenTarget, string[]]>([
    ['one definition', OrderPaid, ['OrderPaid']],
    ['several', [OrderPlaced, NewMessage], ['OrderPlaced', 'NewMessage']],
    ['one twice, as once', [OrderPaid, OrderPaid], ['OrderPaid']],
    ['any event', '*', ['OrderPlaced', 'OrderPaid', 'NewMessage']],
    ['names by how they begin', 'Order*', ['OrderPlaced', 'OrderPaid']],
    ['a name', 'NewMessage', ['NewMessage']],
    ['nothing that there is', 'Invoice*', []],
  ])('listens to %s', async (_, target, names) => {
    const events = createEvents()
    const heard: string[] = []
    events.listen(target, ({ name }) => heard.push(name))
    await dispatchAll(events)
    expect(heard).toEqual(names)
  })

  it.each([
    ['a definition', OrderPaid],
    ['several', [OrderPaid, NewMessage]],
    ['a pattern', '*'],
  ] as [string, ListenTarget][])(
    'gives the function that ends it, which may be called again: %s',
    async (_, target) => {
      const events = createEvents()
      const [listener, other] = [vi.fn(), vi.fn()]
      const undo = events.listen(target, listener)
      events.listen(target, other)
      undo()
      undo()
      await dispatchAll(events)
      expect(listener).not.toHaveBeenCalled()
      expect(other).toHaveBeenCalled()
    },
  )

  it('registers one function as often as it is given', async () => {
    const events = createEvents()
    const listener = vi.fn()
    const undo = events.listen(NewMessage, listener)
    events.listen(NewMessage, listener)
    await events.dispatch(NewMessage('a'))
    expect(listener).toHaveBeenCalledTimes(2)
    undo()
    await events.dispatch(NewMessage('b'))
    expect(listener).toHaveBeenCalledTimes(3)
  })

  it('listens to copies of a definition by their name', async () => {
    const events = createEvents()
    const listener = vi.fn()
    events.listen(NewMessage, listener)
    await events.dispatch(defineEvent<string>('NewMessage')('Hello'))
    expect(listener).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['nothing', undefined],
    ['an empty list', []],
    ['a function that is no definition', () => {}],
    ['a list with something else in it', [NewMessage, 'NewMessage']],
  ])('refuses to listen to %s', (_, target) => {
    const listen = () => createEvents().listen(target as unknown as ListenTarget, () => {})
    expect(listen).toThrow(expect.objectContaining({ code: 'listener_invalid' }))
  })

  it('refuses an empty pattern', () => {
    expect(() => createEvents().listen('', () => {})).toThrow(expect.objectContaining({ code: 'pattern_invalid' }))
  })

  it('refuses a listener that is no function', () => {
    const listener = undefined as unknown as () => void
    const error = { code: 'listener_invalid', message: expect.stringContaining('must be a function') }
    expect(() => createEvents().listen(NewMessage, listener)).toThrow(expect.objectContaining(error))
  })
})

describe('a listener for once', () => {
  it('hears one event', async () => {
    const events = createEvents()
    const listener = vi.fn()
    events.listen('Order*', listener, { once: true })
    await dispatchAll(events)
    expect(listener).toHaveBeenCalledTimes(1)
  })

  it('does not hear an event that it dispatches itself', async () => {
    const events = createEvents()
    const listener = vi.fn(() => events.dispatch(NewMessage('again')))
    events.listen(NewMessage, listener, { once: true })
    await events.dispatch(NewMessage('first'))
    expect(listener).toHaveBeenCalledTimes(1)
  })

  it('does not run twice when a listener before it dispatches an event of the same name', async () => {
    const events = createEvents()
    const heard: string[] = []
    events.listen(NewMessage, () => events.dispatch(NewMessage('inner')), { once: true })
    events.listen(NewMessage, ({ data }) => heard.push(data), { once: true })
    await events.dispatch(NewMessage('outer'))
    expect(heard).toEqual(['inner'])
  })

  it('is over although it failed', async () => {
    const events = createEvents()
    events.listen(NewMessage, () => Promise.reject(new Error('boom')), { once: true })
    await expect(events.dispatch(NewMessage('a'))).rejects.toThrow('boom')
    await events.dispatch(NewMessage('b'))
  })
})

describe('a listener with a signal', () => {
  it('ends when it aborts', async () => {
    const events = createEvents()
    const listener = vi.fn()
    const controller = new AbortController()
    events.listen(NewMessage, listener, { signal: controller.signal })
    await events.dispatch(NewMessage('a'))
    controller.abort()
    await events.dispatch(NewMessage('b'))
    expect(listener).toHaveBeenCalledTimes(1)
  })

  it('is not registered when it has aborted already, and leaves its id free', async () => {
    const events = createEvents()
    const listener = vi.fn()
    const undo = events.listen(NewMessage, listener, { id: 'mine', signal: AbortSignal.abort() })
    events.listen(NewMessage, () => {}, { id: 'mine' })
    await events.dispatch(NewMessage('a'))
    undo()
    expect(listener).not.toHaveBeenCalled()
  })

  it.each<[string, InlineListenerOptions, (undo: () => void) => void]>([
    ['undone', {}, (undo) => undo()],
    ['over', { once: true }, () => {}],
  ])('lets go of the signal once it is %s', async (_, options, end) => {
    const events = createEvents()
    const { signal } = new AbortController()
    const undo = events.listen(NewMessage, () => {}, { ...options, signal })
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await events.dispatch(NewMessage('a'))
    end(undo)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('the id of a listener', () => {
  it('is the only one, inline or queued, until its listener is removed', () => {
    const events = createEvents()
    const undo = events.listen(NewMessage, () => {}, { id: 'mine' })
    const again = () => events.listen(OrderPaid, () => {}, { id: 'mine', queue: true })
    expect(again).toThrow(expect.objectContaining({ code: 'listener_invalid' }))
    undo()
    expect(again).not.toThrow()
  })

  it.each(['', 'two\nlines', 'x'.repeat(201), 5 as unknown as string])('may not be %j', (id) => {
    const listen = () => createEvents().listen(NewMessage, () => {}, { id })
    expect(listen).toThrow(expect.objectContaining({ code: 'listener_invalid' }))
  })
})
