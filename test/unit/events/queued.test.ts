import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { defineEvent, isEvent } from '../../../src/events/define.ts'
import { createEvents } from '../../../src/events/dispatch.ts'
import type { QueuedListenerOptions } from '../../../src/events/listener.ts'
import { giveOrders } from '../../../src/events/work.ts'
import { memoryQueue } from '../../../src/queue/memory.ts'
import type { Queue } from '../../../src/queue/port.ts'
import { ManualClock, turn } from '../../support/manual-clock.ts'

const NewMessage = defineEvent('NewMessage', z.object({ message: z.string() }))
const Ordered = defineEvent('Ordered', z.object({ at: z.date() }))

const hello = () => NewMessage({ message: 'Hello' })

describe('a queued listener', () => {
  it('runs after the dispatch, with the event and which run it is', async () => {
    const events = createEvents()
    const listener = vi.fn()
    events.listen(NewMessage, listener, { id: 'send-push', queue: true })
    const event = hello()
    await events.dispatch(event)
    expect(listener).not.toHaveBeenCalled()
    await turn()
    expect(listener).toHaveBeenCalledExactlyOnceWith(event, expect.objectContaining({ event, attempt: 1 }))
    const [received] = listener.mock.calls[0] ?? []
    expect(received).not.toBe(event)
    expect(isEvent(received)).toBe(true)
    expect(NewMessage.is(received)).toBe(true)
  })

  it('does not keep the inline listeners after it waiting', async () => {
    const events = createEvents()
    const order: string[] = []
    events.listen(NewMessage, () => order.push('queued'), { id: 'queued', queue: true })
    events.listen(NewMessage, () => order.push('inline'))
    await events.dispatch(hello())
    await events.close()
    expect(order).toEqual(['inline', 'queued'])
  })

  it('is tried again after its backoff, and the dispatch hears nothing of its failures', async () => {
    const clock = new ManualClock()
    const onError = vi.fn()
    const events = createEvents({ clock, onError })
    const attempts: number[] = []
    const fail = (_: unknown, { attempt }: { attempt: number }) => {
      attempts.push(attempt)
      if (attempt < 3) throw new Error('not yet')
    }
    events.listen(NewMessage, fail, { id: 'send-push', queue: { attempts: 5, backoff: [1_000, 5_000] } })
    await events.dispatch(hello())
    await turn()
    expect(attempts).toEqual([1])
    clock.advance(999)
    await turn()
    expect(attempts).toEqual([1])
    clock.advance(1)
    await turn()
    expect(attempts).toEqual([1, 2])
    clock.advance(5_000)
    await turn()
    expect(attempts).toEqual([1, 2, 3])
    expect(clock.timers).toBe(0)
    expect(onError).not.toHaveBeenCalled()
  })

  it('waits for its delay', async () => {
    const clock = new ManualClock()
    const events = createEvents({ clock })
    const listener = vi.fn()
    events.listen(NewMessage, listener, { id: 'remind', queue: { delay: 60_000 } })
    await events.dispatch(hello())
    clock.advance(59_999)
    await turn()
    expect(listener).not.toHaveBeenCalled()
    clock.advance(1)
    await turn()
    expect(listener).toHaveBeenCalledTimes(1)
  })

  it('that has used up its attempts is told to onError, with what it failed with last', async () => {
    const onError = vi.fn()
    const events = createEvents({ onError })
    const boom = new Error('boom')
    events.listen(NewMessage, () => Promise.reject(boom), { id: 'send-push', queue: { attempts: 2, backoff: 0 } })
    const event = hello()
    await events.dispatch(event)
    await events.close()
    expect(onError).toHaveBeenCalledTimes(1)
    expect(onError.mock.calls[0]?.[0]).toMatchObject({
      code: 'listener_failed',
      message: `Queued listener "send-push" gave up on event "NewMessage" (${event.id}) after 2 runs: boom`,
      cause: boom,
      data: { id: event.id, event: 'NewMessage', listeners: ['send-push'], attempt: 2 },
    })
  })

  it('that was removed leaves its waiting jobs to onError', async () => {
    const onError = vi.fn()
    const events = createEvents({ onError })
    const listener = vi.fn()
    const undo = events.listen(NewMessage, listener, { id: 'send-push', queue: { attempts: 1 } })
    await events.dispatch(hello())
    undo()
    await events.close()
    expect(listener).not.toHaveBeenCalled()
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ cause: { code: 'listener_unknown' } })
  })

  it('fails the dispatch when the queue refuses the job, and no other listener', async () => {
    const events = createEvents({ queue: memoryQueue({ limit: 1 }) })
    const [first, inline] = [vi.fn(), vi.fn()]
    events.listen(NewMessage, first, { id: 'first', queue: true })
    events.listen(NewMessage, () => {}, { id: 'second', queue: true })
    events.listen(NewMessage, inline)
    await expect(events.dispatch(hello())).rejects.toMatchObject({
      code: 'listener_failed',
      failures: [{ listener: 'second', error: { code: 'queue_full' } }],
    })
    await events.close()
    expect(first).toHaveBeenCalledTimes(1)
    expect(inline).toHaveBeenCalledTimes(1)
  })

  it('fails the dispatch when JSON would not keep the data', async () => {
    const events = createEvents()
    const inline = vi.fn()
    events.listen(Ordered, () => {}, { id: 'bill', queue: true })
    events.listen(Ordered, inline)
    await expect(events.dispatch(Ordered({ at: new Date() }))).rejects.toMatchObject({
      failures: [{ listener: 'bill', error: { code: 'job_invalid', data: { path: 'data.at' } } }],
    })
    expect(inline).toHaveBeenCalledTimes(1)
  })

  it('is not run twice when a dispatch that failed in part is repeated at once', async () => {
    const events = createEvents()
    const queued = vi.fn()
    events.listen(NewMessage, queued, { id: 'send-push', queue: true })
    events.listen(NewMessage, () => Promise.reject(new Error('boom')), { once: true })
    const event = hello()
    await expect(events.dispatch(event)).rejects.toThrow('boom')
    await events.dispatch(event)
    await events.close()
    expect(queued).toHaveBeenCalledTimes(1)
  })

  it('hears the events of a pattern', async () => {
    const events = createEvents()
    const listener = vi.fn()
    events.listen('New*', listener, { id: 'audit', queue: true })
    await events.dispatch(hello())
    await events.close()
    expect(listener).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['no id', { queue: true }, 'needs an id'],
    ['an end after one event', { id: 'a', queue: true, once: true }, 'once and queued'],
  ])('may not have %s', (_, options, message) => {
    const listen = () => createEvents().listen(NewMessage, () => {}, options as QueuedListenerOptions)
    expect(listen).toThrow(
      expect.objectContaining({ code: 'listener_invalid', message: expect.stringContaining(message) }),
    )
  })

  it('may not have options out of range', () => {
    const listen = () => createEvents().listen(NewMessage, () => {}, { id: 'a', queue: { attempts: 0 } })
    expect(listen).toThrow(expect.objectContaining({ code: 'option_invalid' }))
  })
})

describe('the queue of events', () => {
  function queueSpy() {
    return {
      add: vi.fn<Queue['add']>(async () => {}),
      work: vi.fn<Queue['work']>(),
      close: vi.fn<Queue['close']>(async () => {}),
      counts: async () => [],
      isDurable: false,
      failed: memoryQueue().failed,
    }
  }

  it('is worked on from the first listener of each name on, as many jobs at a time as its listeners say', async () => {
    const queue = queueSpy()
    const events = createEvents({ queue })
    events.listen(NewMessage, () => {})
    await turn()
    expect(queue.work).not.toHaveBeenCalled()
    events.listen(NewMessage, () => {}, { id: 'a', queue: true })
    events.listen(NewMessage, () => {}, { id: 'b', queue: { name: 'mail' } })
    events.listen(NewMessage, () => {}, { id: 'c', queue: { name: 'mail', concurrency: 2 } })
    await turn()
    expect(queue.work.mock.calls.map(([name, , options]) => [name, options])).toEqual([
      ['default', { concurrency: 10 }],
      ['mail', { concurrency: 2 }],
    ])
  })

  it('runs as many jobs at a time as one listener says, and not as another does', () => {
    const events = createEvents()
    events.listen(NewMessage, () => {}, { id: 'a', queue: { concurrency: 2 } })
    const listen = () => events.listen(NewMessage, () => {}, { id: 'b', queue: { concurrency: 3 } })
    expect(listen).toThrow(expect.objectContaining({ code: 'option_invalid' }))
    expect(events.listeners().map(({ id }) => id)).toEqual(['a'])
  })

  it.each([
    [false, []],
    [{ queues: ['mail'], concurrency: 5 }, [['mail', { concurrency: 5 }]]],
    [{ concurrency: 5 }, [['default', { concurrency: 5 }]]],
  ])('is worked on as `work` says: %j', async (work, expected) => {
    const queue = queueSpy()
    const events = createEvents({ queue, work })
    events.listen(NewMessage, () => {}, { id: 'a', queue: { concurrency: 2 } })
    await turn()
    expect(queue.work.mock.calls.map(([name, , options]) => [name, options])).toEqual(expected)
  })

  it('is worked on as the process was started for, once its application is loaded', async () => {
    let load = () => {}
    giveOrders({ work: { queues: ['mail'] }, ready: new Promise<void>((resolve) => (load = resolve)) })
    onTestFinished(() => giveOrders({ work: {} }))
    const queue = queueSpy()
    createEvents({ queue, work: false })
    await turn()
    expect(queue.work).not.toHaveBeenCalled()
    load()
    await turn()
    expect(queue.work.mock.calls.map(([name]) => name)).toEqual(['mail'])
  })

  it('cannot be the queue of others too', async () => {
    const queue = memoryQueue()
    const onError = vi.fn()
    createEvents({ queue }).listen(NewMessage, () => {}, { id: 'a', queue: true })
    createEvents({ queue, onError }).listen(NewMessage, () => {}, { id: 'b', queue: true })
    await turn()
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'option_invalid' }))
  })

  it('gets a job of plain JSON for each queued listener, with all its options', async () => {
    const queue = queueSpy()
    const clock = new ManualClock()
    const events = createEvents({ queue, clock })
    const options = { name: 'push', delay: 5, attempts: 2, backoff: 7, timeout: 100, retryUntil: 1_000 }
    events.listen(NewMessage, () => {}, { id: 'a', queue: { ...options, unique: ({ data }) => data.message } })
    const event = hello()
    await events.dispatch(event)
    expect(queue.add).toHaveBeenCalledExactlyOnceWith({
      id: `${event.id}/a`,
      queue: 'push',
      listener: 'a',
      event: JSON.parse(JSON.stringify(event)),
      delay: 5,
      attempts: 2,
      backoff: [7],
      timeout: 100,
      until: clock.now() + 1_000,
      unique: 'a/Hello',
    })
  })

  it('is closed with it, when no dispatch is under way any more', async () => {
    const queue = queueSpy()
    const events = createEvents({ queue })
    events.listen(NewMessage, turn)
    events.listen(NewMessage, () => {}, { id: 'a', queue: true })
    const dispatched = events.dispatch(hello())
    await events.close()
    await dispatched
    expect(queue.add.mock.invocationCallOrder[0]).toBeLessThan(queue.close.mock.invocationCallOrder[0] ?? 0)
  })
})
