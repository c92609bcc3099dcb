import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Joining } from '../../../src/channels/authorize.ts'
import { createHub, defineChannel, type Hub, type Limits } from '../../../src/index.ts'
import { ManualClock, turn } from '../../support/manual-clock.ts'
import { Reader } from '../../support/reader.ts'

const request = { url: '/sse', query: new URLSearchParams(), header: () => undefined, raw: undefined }

/** What the rooms' `authorize` does, which each test says. */
let authorize: (joining: Joining<'rooms.{room}'>) => unknown
let clock: ManualClock
let errors: unknown[]
let hub: Hub

beforeEach(() => start())
afterEach(() => hub.close())

function start(limits: Partial<Limits> = {}) {
  authorize = () => true
  clock = new ManualClock(Date.now())
  errors = []
  hub = createHub({
    channels: [
      defineChannel('news'),
      defineChannel('*'),
      defineChannel('rooms.{room}', { authorize: (joining) => authorize(joining) as boolean }),
    ],
    clock,
    limits,
    onError: (error) => errors.push(error),
  })
}

function join(...channels: string[]) {
  return hub.join({ channels, request })
}

/** What is held of those who came, and of time. The hub's own heartbeat is one timer. */
function held() {
  return [hub.subscribers, hub.channels, clock.timers - 1]
}

describe('a private channel', () => {
  test('is read by whom its authorize admits, from the moment of that on', async () => {
    const { answer, allow } = question()
    authorize = () => answer
    const joined = join('rooms.1')
    await hub.publish('rooms.1', 'before')
    expect(held()).toEqual([0, 0, 1])
    allow()
    const admission = await joined
    const reader = new Reader()
    await admission.ready
    admission.open(reader)
    await hub.publish('rooms.1', 'after')
    await turn()
    expect(reader.data).toEqual(['after'])
    expect(held()).toEqual([1, 1, 0])
  })

  test('asks with the name, its parameters, and the request as it was given', async () => {
    const asked = vi.fn<(joining: Joining<'rooms.{room}'>) => boolean>(() => true)
    authorize = asked
    await join('rooms.1', 'news', 'rooms.lobby')
    expect(asked.mock.calls.map(([{ channel, params }]) => [channel, params])).toEqual([
      ['rooms.1', { room: '1' }],
      ['rooms.lobby', { room: 'lobby' }],
    ])
    expect(asked.mock.calls[0]?.[0].request).toBe(request)
  })

  test('cannot be entered without asking, alone or among others', () => {
    for (const channels of [['rooms.1'], ['news', 'rooms.1']]) {
      expect(() => hub.admit({ channels })).toThrow(
        expect.objectContaining({ code: 'channel_forbidden', data: { channels: ['rooms.1'] } }),
      )
    }
    expect(held()).toEqual([0, 0, 0])
  })

  test.for([false, undefined, null, 0, 1, 'true', {}, [true], () => true])(
    'lets nobody in whose authorize answers %j, at once or later',
    async (answer) => {
      for (const given of [answer, Promise.resolve(answer)]) {
        authorize = () => given
        await expect(join('rooms.1')).rejects.toMatchObject({
          code: 'channel_forbidden',
          message: expect.stringContaining('"rooms.1"'),
          data: { channels: ['rooms.1'] },
        })
      }
      expect([held(), errors]).toEqual([[0, 0, 0], []])
    },
  )

  test('lets nobody in whose authorize throws or rejects, and says what it was', async () => {
    const cause = new Error('the password of the database is hunter2')
    const throws = () => {
      throw cause
    }
    for (const fails of [throws, async () => throws()]) {
      authorize = fails
      const refusal = join('rooms.1')
      await expect(refusal).rejects.toMatchObject({ code: 'authorize_failed', status: 500, cause })
      await expect(refusal).rejects.not.toThrow(/hunter2/)
    }
    expect(held()).toEqual([0, 0, 0])
  })

  test('among several lets in only whom all of them admit, and names those that do not', async () => {
    authorize = ({ params }) => params.room === '1'
    await expect(join('rooms.1', 'rooms.2', 'news', 'rooms.3')).rejects.toMatchObject({
      code: 'channel_forbidden',
      data: { channels: ['rooms.2', 'rooms.3'] },
    })
    expect(held()).toEqual([0, 0, 0])
    const admission = await join('rooms.1', 'news')
    await admission.ready
    expect(held()).toEqual([1, 2, 0])
  })

  test('among several is asked beside the others, not after them', async () => {
    const asked: string[] = []
    authorize = ({ channel }) => new Promise(() => asked.push(channel))
    join('rooms.1', 'rooms.2').catch(() => undefined)
    expect(asked).toEqual(['rooms.1', 'rooms.2'])
  })

  test('that refuses beside one that fails is named, and the failure is not lost', async () => {
    const cause = new Error('away')
    authorize = ({ params }) => (params.room === '1' ? Promise.reject(cause) : false)
    await expect(join('rooms.1', 'rooms.2')).rejects.toMatchObject({ data: { channels: ['rooms.2'] } })
    expect(errors).toEqual([expect.objectContaining({ code: 'authorize_failed', cause })])
  })

  test('is not asked for who cannot come in anyway', async () => {
    start({ channels: 2 })
    const asked = vi.fn(() => true)
    authorize = asked
    for (const [names, code] of [
      [['rooms.1', 'a b'], 'channel_invalid'],
      [['rooms.1', 'rooms.2', 'rooms.3'], 'channels_too_many'],
      [[], 'channels_missing'],
    ] as const) {
      await expect(join(...names)).rejects.toMatchObject({ code })
    }
    await hub.close()
    await expect(join('rooms.1')).rejects.toMatchObject({ code: 'hub_closed' })
    expect(asked).not.toHaveBeenCalled()
  })

  test('takes what is published by whoever may publish', async () => {
    authorize = () => false
    expect(await hub.publish('rooms.1', 'Hello')).not.toBeNull()
  })
})

describe('an authorize that does not answer', () => {
  test('is given up after its time, and told so', async () => {
    start({ authorize: 500 })
    let signal: AbortSignal | undefined
    authorize = (joining) => {
      signal = joining.signal
      return joining.params.room === '1' || new Promise(() => {})
    }
    const joined = join('rooms.1', 'rooms.2')
    await turn()
    clock.advance(499)
    expect([signal?.aborted, hub.subscribers]).toEqual([false, 0])
    clock.advance(1)
    await expect(joined).rejects.toMatchObject({ code: 'authorize_timeout', status: 503, data: { limit: 500 } })
    expect([held(), signal?.aborted]).toEqual([[0, 0, 0], true])
    expect(errors).toEqual([expect.objectContaining({ code: 'authorize_timeout' })])
  })

  test.each([
    ['yes', ({ allow }: Question) => allow()],
    ['with an error', ({ fail }: Question) => fail(new Error('late'))],
  ])('and then does, %s, changes nothing any more', async (_, late) => {
    const asked = question()
    authorize = () => asked.answer
    const joined = join('rooms.1')
    clock.advance(10_000)
    await expect(joined).rejects.toMatchObject({ code: 'authorize_timeout' })
    late(asked)
    await turn()
    expect([held(), errors.length]).toEqual([[0, 0, 0], 1])
  })

  test('holds a place of the hub, and no more than that', async () => {
    start({ subscribers: 2 })
    authorize = () => new Promise(() => {})
    const joins = [join('rooms.1'), join('rooms.1')]
    expect(held()).toEqual([0, 0, 2])
    expect(() => hub.admit({ channels: ['news'] })).toThrow(expect.objectContaining({ code: 'hub_full' }))
    await expect(join('rooms.1')).rejects.toMatchObject({ code: 'hub_full' })
    clock.advance(10_000)
    await Promise.allSettled(joins)
    hub.admit({ channels: ['news'] }).cancel()
  })

  test('keeps its place for whom it admits, also when everybody comes in this moment', async () => {
    start({ subscribers: 1 })
    const late = () => Promise.resolve().then(() => hub.admit({ channels: ['news'] }))
    const [first, ...others] = await Promise.allSettled([join('rooms.1'), ...Array.from({ length: 20 }, late)])
    expect(first?.status).toBe('fulfilled')
    expect(others.every(({ status }) => status === 'rejected')).toBe(true)
  })

  test('does not keep a hub from closing, nor who asked from trying elsewhere', async () => {
    let signal: AbortSignal | undefined
    authorize = (joining) => {
      signal = joining.signal
      return new Promise(() => {})
    }
    const joined = join('rooms.1')
    const closed = hub.close({ drain: 0 })
    await expect(joined).rejects.toMatchObject({ code: 'hub_closed', status: 503 })
    await closed
    expect([signal?.aborted, clock.timers, errors]).toEqual([true, 0, []])
  })

  test('lets nobody into a hub that closes in the moment of its answer', async () => {
    const { answer, allow } = question()
    authorize = () => answer
    const joined = join('rooms.1')
    allow()
    void hub.close({ drain: 1_000 })
    await expect(joined).rejects.toMatchObject({ code: 'hub_closed' })
    clock.advance(1_000)
  })
})

test('public channels are joined without asking', async () => {
  const admission = await join('news', 'other')
  await admission.ready
  expect(held()).toEqual([1, 2, 0])
  admission.cancel()
  expect(held()).toEqual([0, 0, 0])
})

type Question = ReturnType<typeof question>

/** An answer that is given when the test says so. */
function question() {
  let allow = () => {}
  let fail: (cause: Error) => void = () => {}
  const answer = new Promise<boolean>((resolve, reject) => {
    allow = () => resolve(true)
    fail = reject
  })
  return { answer, allow: () => allow(), fail: (cause: Error) => fail(cause) }
}
