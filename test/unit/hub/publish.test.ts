import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  type ChannelName,
  createHub,
  defineChannel,
  defineEvent,
  type Event,
  type MessageOf,
} from '../../../src/index.ts'
import { turn } from '../../support/manual-clock.ts'
import { join } from '../../support/reader.ts'

const NewMessage = defineEvent('NewMessage', z.object({ room: z.string(), message: z.string() }))
const Typing = defineEvent('Typing', z.object({ who: z.string() }))
const Text = defineEvent('Text', z.string())
const rooms = defineChannel('rooms.{room}', { events: [NewMessage, Typing] })
const texts = defineChannel('texts', { events: [Text] })
const news = defineChannel('news')

function start() {
  return createHub({ channels: [rooms, texts, news, defineChannel('open-*'), defineChannel('brief', { history: 0 })] })
}

describe('publishing', () => {
  test('an event goes out under its name, with its data as JSON', async () => {
    const hub = start()
    const reader = await join(hub, { channels: ['rooms.1', 'texts'] })
    const id = await hub.publish(rooms({ room: '1' }), NewMessage({ room: '1', message: 'é\n' }))
    await hub.publish(texts(), Text('plain'))
    await turn()
    expect(reader.events).toEqual([
      { id, event: 'NewMessage', data: '{"room":"1","message":"é\\n"}', channels: ['rooms.1'] },
      { id: expect.any(String), event: 'Text', data: '"plain"', channels: ['texts'] },
    ])
  })

  test('plain data goes out without a name: text as it is, and anything else as JSON', async () => {
    const hub = start()
    const reader = await join(hub, { channels: ['news'] })
    for (const data of ['text\r\nof two lines', { a: 1 }, [1], 5, null, true, '']) await hub.publish('news', data)
    await turn()
    expect(reader.data).toEqual(['text\nof two lines', '{"a":1}', '[1]', '5', 'null', 'true', ''])
    expect(reader.events.every(({ event }) => event === 'message')).toBe(true)
  })

  test('plain data under the name of a declared event is that event, and fits its schema', async () => {
    const hub = start()
    const reader = await join(hub, { channels: ['rooms.1'] })
    await hub.publish('rooms.1', { who: 'Ada', more: 1 }, { event: 'Typing' })
    await turn()
    expect(reader.data).toEqual(['{"who":"Ada"}'])
    await expect(hub.publish('rooms.1', { who: 5 }, { event: 'Typing' })).rejects.toMatchObject({
      code: 'data_invalid',
    })
  })

  test('a channel refuses what it does not declare, by type and at run time', async () => {
    const hub = start()
    // @ts-expect-error: rooms do not carry Text
    await expect(hub.publish(rooms({ room: '1' }), Text('x'))).rejects.toMatchObject({ code: 'event_undeclared' })
    // @ts-expect-error: nor plain data
    await expect(hub.publish(rooms({ room: '1' }), { a: 1 })).rejects.toMatchObject({ code: 'event_undeclared' })
    await expect(hub.publish('rooms.1', {}, { event: 'Other' })).rejects.toMatchObject({ code: 'event_undeclared' })
    await expect(
      // @ts-expect-error: every channel must carry it
      hub.publish([rooms({ room: '1' }), texts()], NewMessage({ room: '1', message: '' })),
    ).rejects.toMatchObject({ code: 'event_undeclared' })
  })

  test.each([
    ['undeclared', {}, 'channel_unknown'],
    ['rooms.{room}', {}, 'channel_invalid'],
    ['news\n', {}, 'channel_invalid'],
    [[], {}, 'channels_missing'],
    [Array.from({ length: 101 }, (_, n) => `open-${n}`), {}, 'channels_too_many'],
    ['news', { event: 'a\nb' }, 'field_invalid'],
    ['news', { event: '' }, 'field_invalid'],
    ['news', { event: 'millrace:gap' }, 'event_invalid'],
    ['news', { event: 'error' }, 'event_invalid'],
    ['news', { key: 'a\rb' }, 'field_invalid'],
    ['news', { id: 'a\0b' }, 'field_invalid'],
    ['news', { id: 'x'.repeat(201) }, 'field_invalid'],
  ])('on %j with %j is refused as %s', async (channel, options, code) => {
    await expect(start().publish(channel, 'x', options)).rejects.toMatchObject({ code })
  })

  test.each([undefined, () => {}, Symbol('x'), 10n])('of %s, which JSON cannot say, is refused', async (data) => {
    await expect(start().publish('news', data)).rejects.toMatchObject({ code: 'message_invalid' })
  })

  test('several at once is all or nothing, and says which was wrong', async () => {
    const hub = start()
    const reader = await join(hub, { channels: ['news'] })
    const error = await hub
      .publishAll([
        { channel: 'news', message: '1' },
        { channel: 'nowhere', message: '2' },
      ])
      .catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'channel_unknown', data: { item: 1 } })
    const ids = await hub.publishAll(['a', 'b'].map((message) => ({ channel: 'news', message })))
    await turn()
    expect(reader.data).toEqual(['a', 'b'])
    expect(reader.events.map(({ id }) => id)).toEqual(ids)
  })

  test('on a channel without history has no position, and moves nobody', async () => {
    const hub = start()
    const reader = await join(hub, { channels: ['brief', 'news'] })
    const before = reader.lastEventId
    expect(await hub.publish('brief', 'x')).toBeNull()
    await turn()
    expect([reader.data, reader.lastEventId]).toEqual([['x'], before])
  })
})

test('names and messages are typed from the declaration', () => {
  expectTypeOf(rooms).parameter(0).toEqualTypeOf<{ readonly room: string | number }>()
  expectTypeOf(news).parameters.toEqualTypeOf<[]>()
  expectTypeOf(news()).toEqualTypeOf<ChannelName<unknown>>()
  expectTypeOf<MessageOf<ReturnType<typeof rooms>>>().toEqualTypeOf<
    Event<'NewMessage', { room: string; message: string }> | Event<'Typing', { who: string }>
  >()
  // @ts-expect-error: a parameter is missing
  expect(() => rooms({})).toThrow()
  // @ts-expect-error: it is misspelt
  expect(() => rooms({ rom: '1' })).toThrow()
})

test.each([
  ['news', 'half \ud800', {}, 'message_invalid'],
  ['news', 'x', { event: '\ud800' }, 'field_invalid'],
  ['news', 'x', { key: 'x\udc00' }, 'field_invalid'],
  ['news', 'x', { id: '\udc00x' }, 'field_invalid'],
  ['\ud800', 'x', {}, 'channel_invalid'],
])('half of a surrogate pair on %j, as %j with %j, is refused', async (channel, data, options, code) => {
  const hub = start()
  await expect(hub.publish(channel, data, options)).rejects.toMatchObject({ code })
  expect(await hub.publish('news', 'whole \u{1F600}', { event: '\u{1F600}' })).not.toBeNull()
})

test('more messages at once than the limit are refused, and none is published', async () => {
  const hub = createHub({ channels: [news], limits: { messages: 3 } })
  const before = await hub.head()
  const some = (count: number) => Array.from({ length: count }, () => ({ channel: 'news', message: 1 }))
  await expect(hub.publishAll(some(4))).rejects.toMatchObject({ code: 'messages_too_many', status: 413 })
  expect(await hub.head()).toBe(before)
  expect(await hub.publishAll(some(3))).toHaveLength(3)
})
