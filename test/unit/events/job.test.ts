import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import type { EventsOptions } from '../../../src/events/api.ts'
import { defineEvent, type Event } from '../../../src/events/define.ts'
import { createEvents } from '../../../src/events/dispatch.ts'
import type { JobContext, QueuedListener } from '../../../src/events/listener.ts'
import type { QueueOptions } from '../../../src/events/queueing.ts'
import { memoryQueue } from '../../../src/queue/memory.ts'
import { ManualClock, turn } from '../../support/manual-clock.ts'

const NewMessage = defineEvent('NewMessage', z.object({ message: z.string() }))
const hello = () => NewMessage({ message: 'Hello' })

type Received = ReturnType<typeof hello>

/** Events with one queued listener, and what becomes of its jobs. */
function listening(listener: QueuedListener<Received>, queue: QueueOptions<Received> = {}, more: EventsOptions = {}) {
  const clock = new ManualClock()
  const onError = vi.fn()
  const onFailed = vi.fn<(event: Received, error: unknown) => unknown>()
  const events = createEvents({ clock, onError, ...more })
  events.listen(NewMessage, listener, { id: 'send', queue, onFailed })
  const pass = async (ms: number) => {
    clock.advance(ms)
    await turn()
  }
  return { events, clock, onError, onFailed, pass }
}

/** Resolves when the signal aborts. */
const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

describe('the run of a queued listener', () => {
  it('is told the event, which run it is, and has a signal that has not aborted', async () => {
    const contexts: JobContext<Received>[] = []
    const { events } = listening((_, context) => contexts.push(context))
    const event = hello()
    await events.dispatch(event)
    await turn()
    expect(contexts).toHaveLength(1)
    expect(contexts[0]).toMatchObject({ event, attempt: 1 })
    expect(contexts[0]?.signal.aborted).toBe(false)
  })

  it('has failed when its time is over, whether or not it heeds its signal', async () => {
    const reasons: unknown[] = []
    const { events, onFailed, pass, clock } = listening(
      async (_, { signal }) => {
        await aborted(signal)
        reasons.push(signal.reason)
        await new Promise(() => {})
      },
      { attempts: 2, backoff: 10, timeout: 1_000 },
    )
    await events.dispatch(hello())
    await turn()
    await pass(1_000)
    expect(reasons).toEqual([expect.objectContaining({ code: 'listener_timeout' })])
    expect(onFailed).not.toHaveBeenCalled()
    await pass(10)
    await pass(1_000)
    expect(reasons).toHaveLength(2)
    expect(onFailed.mock.calls[0]?.[1]).toMatchObject({
      code: 'listener_timeout',
      data: { listener: 'send', timeout: 1_000 },
    })
    expect(clock.timers).toBe(0)
  })

  it('leaves no timer when it ends in time', async () => {
    const { events, clock } = listening(() => {}, { timeout: 1_000 })
    await events.dispatch(hello())
    await turn()
    expect(clock.timers).toBe(0)
  })

  it('is repeated as soon as it asks for, whatever it returns or throws then', async () => {
    const attempts: number[] = []
    const { events, pass, onFailed } = listening(
      (_, { attempt, retry }) => {
        attempts.push(attempt)
        if (attempt === 1) retry(300)
        if (attempt === 2) {
          retry(500)
          throw new Error('not what counts')
        }
      },
      { attempts: 3, backoff: 10_000 },
    )
    await events.dispatch(hello())
    await turn()
    await pass(299)
    expect(attempts).toEqual([1])
    await pass(1)
    expect(attempts).toEqual([1, 2])
    await pass(500)
    expect(attempts).toEqual([1, 2, 3])
    expect(onFailed).not.toHaveBeenCalled()
  })

  it('is repeated after its backoff where it does not say when', async () => {
    const listener = vi.fn((_: Event, { retry }: JobContext) => retry())
    const { events, pass } = listening(listener, { backoff: 700 })
    await events.dispatch(hello())
    await turn()
    await pass(699)
    expect(listener).toHaveBeenCalledTimes(1)
    await pass(1)
    expect(listener).toHaveBeenCalledTimes(2)
  })

  it('is given up where it asks for another run and has none left', async () => {
    const busy = new Error('busy')
    const { events, onFailed } = listening((_, { retry }) => retry(5, busy), { attempts: 1 })
    const event = hello()
    await events.dispatch(event)
    await turn()
    expect(onFailed).toHaveBeenCalledExactlyOnceWith(event, busy)
  })

  it('refuses to be repeated at no time', async () => {
    const { events, onFailed } = listening((_, { retry }) => retry(Number.NaN), { attempts: 1 })
    await events.dispatch(hello())
    await turn()
    expect(onFailed.mock.calls[0]?.[1]).toMatchObject({ code: 'option_invalid' })
  })

  it('is the last where it says that no run will do it', async () => {
    const listener = vi.fn((_: Event, { fail }: JobContext) => fail(new Error('no such user')))
    const { events, onFailed, onError, pass } = listening(listener, { attempts: 5, backoff: 0 })
    await events.dispatch(hello())
    await turn()
    await pass(100)
    expect(listener).toHaveBeenCalledTimes(1)
    expect(onFailed.mock.calls[0]?.[1]).toMatchObject({ message: 'no such user' })
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ code: 'listener_failed', cause: { message: 'no such user' } })
    expect(await events.failed.list()).toMatchObject([{ attempts: 1, error: { message: 'no such user' } }])
  })

  it('does not begin after its last moment', async () => {
    const listener = vi.fn(() => Promise.reject(new Error('boom')))
    const { events, pass, onFailed } = listening(listener, { attempts: 9, backoff: 400, retryUntil: 1_000 })
    await events.dispatch(hello())
    await turn()
    for (const ms of [400, 400, 400, 400]) await pass(ms)
    expect(listener).toHaveBeenCalledTimes(3)
    expect(onFailed.mock.calls[0]?.[1]).toMatchObject({ message: 'boom' })
  })

  it('is not begun at all where its last moment came before it could', async () => {
    const listener = vi.fn()
    const until = vi.fn(() => new Date(0))
    const { events, onFailed } = listening(listener, { retryUntil: until })
    const event = hello()
    await events.dispatch(event)
    await turn()
    expect(until).toHaveBeenCalledExactlyOnceWith(event)
    expect(listener).not.toHaveBeenCalled()
    expect(onFailed.mock.calls[0]?.[1]).toMatchObject({ code: 'job_expired' })
    expect(await events.failed.list()).toMatchObject([{ attempts: 0 }])
  })
})

describe('a queued listener', () => {
  it('is not queued for events that `when` does not want', async () => {
    const listener = vi.fn()
    const { events } = listening(listener, { when: async ({ data }) => data.message !== 'Hello' })
    await events.dispatch(hello())
    const other = NewMessage({ message: 'Other' })
    await events.dispatch(other)
    await turn()
    expect(listener.mock.calls.map(([event]) => event)).toEqual([other])
  })

  it('fails the dispatch where `when` throws', async () => {
    const { events } = listening(() => {}, { when: () => Promise.reject(new Error('no answer')) })
    await expect(events.dispatch(hello())).rejects.toMatchObject({ failures: [{ error: { message: 'no answer' } }] })
  })

  it.each([
    ['whatever the event', true, 1],
    ['of a key', ({ data }: Received) => data.message, 2],
  ] as const)('has one job at a time, %s', async (_, unique, count) => {
    const listener = vi.fn()
    const { events, pass } = listening(listener, { unique, delay: 100 })
    await events.dispatch(NewMessage({ message: 'a' }))
    await events.dispatch(NewMessage({ message: 'a' }))
    await events.dispatch(NewMessage({ message: 'b' }))
    await pass(100)
    expect(listener).toHaveBeenCalledTimes(count)
    await events.dispatch(NewMessage({ message: 'a' }))
    await pass(100)
    expect(listener).toHaveBeenCalledTimes(count + 1)
  })

  it('has its onFailed told in its own order of types, and what that throws is told to onError', async () => {
    const onError = vi.fn()
    const events = createEvents({ onError })
    const thrown = new Error('in onFailed')
    events.listen(NewMessage, () => Promise.reject(new Error('boom')), {
      id: 'send',
      queue: { attempts: 1 },
      onFailed: ({ data }) => Promise.reject(Object.assign(thrown, { about: data.message })),
    })
    await events.dispatch(hello())
    await turn()
    await turn()
    expect(onError.mock.calls.map(([error]) => error)).toEqual([
      expect.objectContaining({ code: 'listener_failed' }),
      thrown,
    ])
    expect(thrown).toMatchObject({ about: 'Hello' })
  })

  it('that has failed can be run again', async () => {
    let isMended = false
    const listener = vi.fn(async () => {
      if (!isMended) throw new Error('boom')
    })
    const { events } = listening(listener, { attempts: 1 })
    const event = hello()
    await events.dispatch(event)
    await turn()
    isMended = true
    expect(await events.failed.retry({ id: `${event.id}/send` })).toBe(1)
    await turn()
    expect(listener).toHaveBeenCalledTimes(2)
    expect(await events.failed.list()).toEqual([])
    expect(await events.counts()).toEqual([{ queue: 'default', waiting: 0, delayed: 0, running: 0, failed: 0 }])
  })

  it('is not run for data that does not fit its schema any more, and not tried again', async () => {
    const clock = new ManualClock()
    const queue = memoryQueue({ clock })
    const before = createEvents({ queue, work: false })
    before.listen(NewMessage, () => {}, { id: 'send', queue: true })
    const event = hello()
    await before.dispatch(event)
    const Today = defineEvent('NewMessage', z.object({ message: z.string(), room: z.string() }))
    const [listener, onError, onFailed] = [vi.fn(), vi.fn(), vi.fn()]
    const events = createEvents({ queue, clock, onError })
    events.listen(Today, listener, { id: 'send', queue: true, onFailed })
    await turn()
    await turn()
    expect(listener).not.toHaveBeenCalled()
    expect(onFailed).not.toHaveBeenCalled()
    expect(onError).toHaveBeenCalledTimes(1)
    const [failed] = await events.failed.list()
    expect(failed).toMatchObject({ attempts: 0, error: { code: 'data_invalid' } })
    expect(failed?.error.message).toContain(event.id)
    expect(failed?.error.message).toContain('room')
  })

  it('is not run more often than its attempts, where its runs were cut short', async () => {
    const listener = vi.fn()
    const onError = vi.fn()
    const queue = memoryQueue()
    const work = vi.spyOn(queue, 'work')
    const events = createEvents({ queue, onError })
    events.listen(NewMessage, listener, { id: 'send', queue: { attempts: 2 } })
    await turn()
    const handler = work.mock.calls[0]?.[1]
    const event = hello()
    const job = {
      id: 'a',
      queue: 'default',
      listener: 'send',
      event: { ...event },
      delay: 0,
      attempts: 2,
      backoff: [0],
    }
    expect(await handler?.run(job, 2)).toEqual({ kind: 'done' })
    expect(await handler?.run(job, 3)).toMatchObject({
      kind: 'failed',
      attempts: 2,
      error: { code: 'job_interrupted' },
    })
    expect(listener).toHaveBeenCalledTimes(1)
  })
})

describe('close({ timeout })', () => {
  it('waits so long for the jobs that run, and then breaks them off and gives them back', async () => {
    const clock = new ManualClock()
    const queue = memoryQueue({ clock, onError: () => {} })
    const onError = vi.fn()
    const events = createEvents({ queue, clock, onError })
    let reason: unknown
    events.listen(
      NewMessage,
      async (_, { signal }) => {
        await aborted(signal)
        reason = signal.reason
      },
      { id: 'send', queue: true },
    )
    await events.dispatch(hello())
    await turn()
    let isClosed = false
    const closing = events.close({ timeout: 5_000 }).then(() => {
      isClosed = true
    })
    clock.advance(4_999)
    await turn()
    expect(isClosed).toBe(false)
    clock.advance(1)
    await closing
    expect(reason).toMatchObject({ code: 'worker_stopped' })
    // This queue can keep it nowhere.
    expect(onError.mock.calls[0]?.[0]).toMatchObject({
      cause: { code: 'queue_closed', cause: { code: 'worker_stopped' } },
    })
  })

  it('does not wait longer than the jobs take, and leaves no timer', async () => {
    const { events, clock } = listening(() => {})
    await events.dispatch(hello())
    await events.close({ timeout: 5_000 })
    expect(clock.timers).toBe(0)
  })
})
