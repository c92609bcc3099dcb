import { describe, expect, test } from 'vitest'
import { streaming } from './support/adapters.ts'
import { createStage } from './support/stage.ts'

describe.for(streaming)('a message over $name', (adapter) => {
  test('reaches each subscriber of its channel once, and nobody else', async () => {
    const stage = await createStage(adapter)
    const readers = await Promise.all(['news', 'news', 'rooms.1'].map((name) => stage.subscribe(`channel=${name}`)))

    const id = await stage.hub.publish('news', { text: 'Hello' })
    await stage.hub.publish('rooms.1', 'for the room')
    await Promise.all(readers.map((reading) => reading.untilEvents(1)))

    const hello = { id, event: 'message', data: '{"text":"Hello"}', channels: ['news'] }
    expect(readers[0]?.events).toEqual([hello])
    expect(readers[1]?.events).toEqual([hello])
    expect(readers[2]?.events).toMatchObject([{ data: 'for the room' }])
  })

  test('on two channels of one subscriber reaches him once', async () => {
    const stage = await createStage(adapter)
    const reading = await stage.subscribe('channel=news&channel=rooms.1')

    await stage.hub.publish(['news', 'rooms.1'], 'on both')
    await stage.hub.publish('rooms.1', 'on one')

    expect(await reading.untilEvents(2)).toMatchObject([
      { data: 'on both', channels: ['news', 'rooms.1'] },
      { data: 'on one', channels: ['rooms.1'] },
    ])
  })

  test('comes on every channel that is named, by commas, by repetition, or by both', async () => {
    const stage = await createStage(adapter)
    const reading = await stage.subscribe('channel=news,rooms.1&channel=rooms.2&channel=rooms.2')

    for (const channel of ['news', 'rooms.1', 'rooms.2']) await stage.hub.publish(channel, channel)

    expect((await reading.untilEvents(3)).map(({ data }) => data)).toEqual(['news', 'rooms.1', 'rooms.2'])
    expect(stage.hub.channels).toBe(3)
  })

  test('keeps its lines, its characters and its name', async () => {
    const stage = await createStage(adapter)
    const reading = await stage.subscribe('channel=news')
    const data = 'first\n\n  third: "ünï¢ode" 🚀\u2028 \u0000 end\n'

    await stage.hub.publish('news', data, { event: 'Größe 📏' })

    expect(await reading.untilEvents(1)).toMatchObject([{ event: 'Größe 📏', data }])
  })

  test('is complete and in order when many come at once', async () => {
    const stage = await createStage(adapter)
    const reading = await stage.subscribe('channel=news,rooms.1')
    const sent = Array.from({ length: 1_000 }, (_, index) => String(index))

    await Promise.all(sent.map((data, index) => stage.hub.publish(index % 3 === 0 ? 'rooms.1' : 'news', data)))

    expect((await reading.untilEvents(1_000)).map(({ data }) => data)).toEqual(sent)
  })
})
