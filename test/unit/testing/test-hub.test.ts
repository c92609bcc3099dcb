import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineChannel } from '../../../src/channels/define.ts'
import { defineEvent } from '../../../src/events/define.ts'
import { createHub } from '../../../src/hub/hub.ts'
import { connect } from '../../../src/testing/connect.ts'
import { fakeEvents } from '../../../src/testing/fake-events.ts'
import { testHub } from '../../../src/testing/test-hub.ts'

const Said = defineEvent('Said', z.object({ text: z.string() }))
const Joined = defineEvent<{ name: string }>('Joined')
const rooms = defineChannel('rooms.{room}', { events: [Said, Joined] })
const news = defineChannel('news')
const ticks = defineChannel('ticks', { history: 0 })
const users = defineChannel('users.{user}', {
  authorize: ({ params, request }) =>
    request.header('Cookie') === `user=${params.user}` ||
    request.query.get('token') === params.user ||
    request.raw === params.user,
})
const broken = defineChannel('broken', {
  authorize: () => {
    throw new Error('no database')
  },
})
const channels = [rooms, news, ticks, users, broken]

const room = rooms({ room: '1' })

describe('a client of a test hub', () => {
  it('has received what was published and awaited since it connected', async () => {
    const hub = testHub({ channels })
    await hub.publish(room, Said({ text: 'before' }))
    const client = await hub.connect(room)
    const id = await hub.publish(room, Said({ text: 'Hello' }))

    expect(client.messages).toEqual([
      { id, event: 'Said', data: { text: 'Hello' }, text: '{"text":"Hello"}', channels: ['rooms.1'] },
    ])
    expect(client.lastEventId).toBe(id)
  })

  it('gives one message after the other, and waits for what is not awaited', async () => {
    const hub = testHub({ channels })
    const client = await hub.connect(room)
    const first = client.next()
    void hub.publish(room, Said({ text: '1' }))
    void hub.publish(room, Joined({ name: 'Ada' }))
    void hub.publish(room, Said({ text: '2' }))

    expect((await first).data).toEqual({ text: '1' })
    expect((await client.next(Said)).data.text).toBe('2')
    expect(client.received(Joined).map(({ data }) => data.name)).toEqual(['Ada'])
    expect(client.received(Said, { text: '2' })).toHaveLength(1)
    expect(client.received(({ event }) => event === 'Joined')).toHaveLength(1)
  })

  it('says what came instead of what it waited for', async () => {
    const hub = testHub({ channels })
    const client = await hub.connect(room, { timeout: 10 })
    await hub.publish(room, Said({ text: '1' }))
    await client.next()
    await expect(client.next(Joined)).rejects.toThrow(
      "Waited 10 ms for Joined, and it did not come. Received on rooms.1: \n  Said { text: '1' } (given before)",
    )
    await expect(client.untilGap()).rejects.toThrow('Waited 10 ms for a gap')
    const waiting = client.next()
    await hub.close()
    await expect(waiting).rejects.toThrow('The stream has ended without a message.')
    expect(client.isOpen).toBe(false)
  })

  it('gets plain data as it is, and what no channel keeps', async () => {
    const hub = testHub({ channels })
    const client = await hub.connect([news(), ticks()])
    await hub.publish(news(), 'plain text')
    await hub.publish(news(), { headline: 'Hello' }, { event: 'headline' })
    await hub.publish(ticks(), 7)
    expect(client.messages.map(({ event, data }) => [event, data])).toEqual([
      ['message', 'plain text'],
      ['headline', { headline: 'Hello' }],
      ['message', 7],
    ])
  })

  it('comes back with its cursor and misses nothing', async () => {
    const hub = testHub({ channels })
    const client = await hub.connect(room)
    await hub.publish(room, Said({ text: '1' }))
    client.disconnect()
    expect(hub.subscribers).toBe(0)
    for (const text of ['2', '3']) await hub.publish(room, Said({ text }))
    expect(client.messages).toHaveLength(1)
    await client.reconnect()
    await hub.publish(room, Said({ text: '4' }))
    expect(client.received(Said).map(({ data }) => data.text)).toEqual(['1', '2', '3', '4'])
    expect(hub.subscribers).toBe(1)
  })

  it('reads a long history to its end when it connects', async () => {
    const hub = testHub({ channels })
    const start = await hub.head()
    for (let n = 0; n < 1_000; n++) void hub.publish(room, Said({ text: 'x'.repeat(1_000) }))
    const client = await hub.connect(room, { lastEventId: start })
    expect(client.messages).toHaveLength(1_000)
  })

  it('is told of gaps, of what is no longer kept by the clock as well', async () => {
    const hub = testHub({ channels, history: { age: 60_000 } })
    const client = await hub.connect(room)
    await hub.publish(room, Said({ text: '1' }))
    client.disconnect()
    await hub.publish(room, Said({ text: '2' }))
    hub.clock.advance(60_001)
    await hub.publish(room, Said({ text: '3' }))
    await client.reconnect()
    expect(await client.untilGap()).toEqual({ reason: 'expired', channels: ['rooms.1'] })
    expect(client.received(Said).map(({ data }) => data.text)).toEqual(['1', '3'])

    const other = await hub.connect(room, { lastEventId: 'from another log' })
    expect(other.gaps).toEqual([{ reason: 'unknown', channels: ['rooms.1'] }])
  })

  it('gets what was published since a time of the clock', async () => {
    const hub = testHub({ channels })
    await hub.publish(room, Said({ text: 'old' }))
    hub.clock.advance(3_600_000)
    await hub.publish(room, Said({ text: 'new' }))
    hub.clock.advance(60_000)
    const texts = async (since: string | number) =>
      (await hub.connect(room, { since })).received(Said).map(({ data }) => data.text)
    expect(await texts('10m')).toEqual(['new'])
    expect(await texts('2h')).toEqual(['old', 'new'])
    expect(await texts(hub.clock.now() - 60_000)).toEqual(['new'])
  })

  it('is let in to a private channel by headers, query or request, or refused as over HTTP', async () => {
    const hub = testHub({ channels })
    const ada = users({ user: 'ada' })
    for (const options of [{ headers: { cookie: 'user=ada' } }, { query: { token: 'ada' } }, { raw: 'ada' }]) {
      expect((await hub.connect(ada, options)).isOpen).toBe(true)
    }
    await expect(hub.connect([ada, room], { headers: { cookie: 'user=eve' } })).rejects.toMatchObject({
      code: 'channel_forbidden',
      status: 403,
      data: { channels: ['users.ada'] },
    })
    await expect(hub.connect('rumours')).rejects.toMatchObject({ code: 'channel_unknown' })
    await expect(hub.connect('broken')).rejects.toMatchObject({
      code: 'authorize_failed',
      cause: { message: 'no database' },
    })
    expect(hub.subscribers).toBe(3)
  })

  it('reads any hub', async () => {
    const hub = createHub({ channels })
    const client = await connect(hub, room)
    await hub.publish(room, Said({ text: 'Hello' }))
    expect((await client.next()).data).toEqual({ text: 'Hello' })
    await hub.close()
    expect(client.isOpen).toBe(false)
  })
})

describe('a test hub', () => {
  it('says what was published on a channel', async () => {
    const hub = testHub({ channels })
    await hub.publish([room, rooms({ room: '2' })], Said({ text: 'Hello' }), { key: 'k' })
    await hub.publish(news(), 'plain')
    await hub.publishAll([{ channel: ticks(), message: 1 }])

    expect(hub.published()).toHaveLength(3)
    expect(hub.published(room, Said)).toMatchObject([{ data: { text: 'Hello' }, key: 'k', event: 'Said' }])
    expect(hub.published('rooms.2', Said, { text: 'Bye' })).toEqual([])
    expect(hub.published(news(), 'plain')).toHaveLength(1)
    hub.assertPublished(ticks())
    hub.assertNotPublished(room, Joined)
    expect(() => hub.assertPublished(room, Joined)).toThrow(
      "Expected Joined to have been published on rooms.1, and it was not. Published on rooms.1:\n  Said { text: 'Hello' }",
    )
    expect(() => hub.assertPublished('rooms.3')).toThrow(
      'Expected a message to have been published on rooms.3, and it was not. ' +
        'Nothing was published on rooms.3. Published elsewhere:\n  Said on rooms.1, rooms.2\n  message on news',
    )
    expect(() => hub.assertNotPublished(news())).toThrow('Expected a message not to have been published on news')
  })

  it('refuses what a hub refuses, and writes nothing down of it', async () => {
    const hub = testHub({ channels })
    await expect(hub.publish('rumours', 'x')).rejects.toMatchObject({ code: 'channel_unknown' })
    await expect(hub.publish('rooms.1', 'plain')).rejects.toMatchObject({ code: 'event_undeclared' })
    expect(hub.published()).toEqual([])
  })

  it('counts what is published again under the same id once', async () => {
    const hub = testHub({ channels })
    const client = await hub.connect(room)
    for (const _ of [1, 2]) await hub.publish(room, Said({ text: 'Hello' }), { id: 'a' })
    expect(hub.published(room)).toHaveLength(1)
    expect(client.messages).toHaveLength(1)
  })

  it('counts what a queued listener publishes in each of its runs once', async () => {
    const hub = testHub({ channels })
    const events = fakeEvents()
    const listener = async (event: ReturnType<typeof Said>, { attempt }: { attempt: number }) => {
      await hub.publish(room, event)
      if (attempt === 1) throw new Error('after it was published')
    }
    events.listen(Said, listener, { id: 'tell', queue: true })
    await events.dispatch(Said({ text: 'Hello' }))
    await events.runJobs({ within: 10_000, mayFail: true })
    expect(hub.published(room)).toHaveLength(1)
  })

  it('has no timers but those of its clock', async () => {
    const hub = testHub({ channels })
    const client = await hub.connect(room)
    expect(hub.clock.timers).toBeGreaterThan(0)
    await hub.close()
    expect(hub.clock.timers).toBe(0)
    expect(client.isOpen).toBe(false)
  })
})
