import { describe, expect, test } from 'vitest'
import { adapters } from './support/adapters.ts'
import { createStage, type Stage } from './support/stage.ts'

const json = 'application/json'
const ndjson = 'application/x-ndjson'

describe.for(adapters)('POST /publish over $name', (adapter) => {
  test('publishes one message, and answers its id', async () => {
    const stage = await createStage(adapter)
    const reading = await stage.subscribe('channel=news')

    const response = await post(stage, { channel: 'news', event: 'Hello', data: { text: 'ünï¢ode 🚀\n' } })

    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^application\/json/),
    ])
    const [event] = await reading.untilEvents(1)
    expect(event).toMatchObject({ event: 'Hello', data: '{"text":"ünï¢ode 🚀\\n"}', channels: ['news'] })
    expect(await response.json()).toEqual({ id: event?.id })
  })

  test('publishes one message on several channels', async () => {
    const stage = await createStage(adapter)
    const reading = await stage.subscribe('channel=rooms.1')

    await post(stage, { channels: ['news', 'rooms.1'], data: null })

    expect(await reading.untilEvents(1)).toMatchObject([{ data: 'null', channels: ['news', 'rooms.1'] }])
  })

  test('publishes a list in its order, and answers their ids', async () => {
    const stage = await createStage(adapter)
    const reading = await stage.subscribe('channel=news')

    const response = await post(
      stage,
      [1, 2, 3].map((data) => ({ channel: 'news', data })),
    )

    const events = await reading.untilEvents(3)
    expect(events.map(({ data }) => data)).toEqual(['1', '2', '3'])
    expect(await response.json()).toEqual({ ids: events.map(({ id }) => id) })
  })

  test('publishes one message for each line of NDJSON', async () => {
    const stage = await createStage(adapter)
    const reading = await stage.subscribe('channel=news')
    const body = '{"channel":"news","data":"one"}\r\n\n{"channel":"news","data":"two"}\n'

    const response = await post(stage, body, `${ndjson}; charset=utf-8`)

    const events = await reading.untilEvents(2)
    expect(events.map(({ data }) => data)).toEqual(['one', 'two'])
    expect(await response.json()).toEqual({ ids: events.map(({ id }) => id) })
  })

  test.for(['text/plain;charset=UTF-8', 'application/x-www-form-urlencoded'])(
    'takes JSON and lines of JSON from clients that say %s',
    async (type) => {
      const stage = await createStage(adapter)
      const reading = await stage.subscribe('channel=news')
      const lines = '{"channel":"news","data":"two"}\n{"channel":"news","data":"three"}'

      const one = await post(stage, '{"channel":"news",\n"data":"one"}', type)
      const more = await post(stage, lines, type)

      expect([one.status, more.status]).toEqual([200, 200])
      expect((await reading.untilEvents(3)).map(({ data }) => data)).toEqual(['one', 'two', 'three'])
    },
  )

  test('takes them from no page of another origin, which can send such types without asking', async () => {
    const stage = await createStage(adapter)
    const send = (origin: string) =>
      stage.fetch('/publish', {
        method: 'POST',
        headers: { 'content-type': 'text/plain', origin },
        body: '{"channel":"news","data":1}',
      })

    const answers = await Promise.all(['https://evil.example', 'null', 'http://127.0.0.1:1'].map(send))

    expect(answers.map(({ status }) => status)).toEqual([415, 415, 415])
  })

  test('takes a message once that is sent twice with the publisher’s own id', async () => {
    const stage = await createStage(adapter)
    const reading = await stage.subscribe('channel=news')
    const message = { channel: 'news', data: 'once', id: 'order-1' }

    const [first, again] = await Promise.all([post(stage, message), post(stage, message)])
    await post(stage, { channel: 'news', data: 'last' })

    expect(await first.json()).toEqual(await again.json())
    expect((await reading.untilEvents(2)).map(({ data }) => data)).toEqual(['once', 'last'])
  })

  test('answers null for the id of a message that no channel keeps', async () => {
    const stage = await createStage(adapter)

    expect(await (await post(stage, { channel: 'brief', data: 1 })).json()).toEqual({ id: null })
  })

  test.for(['GET', 'PUT', 'HEAD'])('is not understood by other methods: %s', async (method) => {
    const stage = await createStage(adapter)

    const response = await stage.fetch('/publish', { method })

    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test.for(refused())(
    'refuses %s, says why, and publishes nothing',
    async ([what, body, status, code, detail, type]) => {
      const stage = await createStage(adapter)
      const reading = await stage.subscribe('channel=news')

      const response = await post(stage, body, type)

      expect(response.status).toBe(status)
      // What a parser before us refuses, it refuses in its own words.
      if (!adapter.parsesBodies || !/JSON|empty/.test(what)) {
        expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
        expect(await response.json()).toMatchObject({ status, code, detail: expect.stringMatching(detail) })
      }
      await stage.hub.publish('news', 'the first')
      expect(await reading.untilEvents(1)).toMatchObject([{ data: 'the first' }])
      expect(stage.errors).toEqual([])
    },
  )

  test('says which of several is refused, and publishes none of them', async () => {
    const stage = await createStage(adapter)
    const reading = await stage.subscribe('channel=news')

    const response = await post(stage, [
      { channel: 'news', data: 'good' },
      { channel: 'news', data: 'bad', event: 'a\nb' },
    ])

    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      code: 'field_invalid',
      item: 1,
      detail: expect.stringMatching(/^Item 1: /),
    })
    await stage.hub.publish('news', 'the first')
    expect(await reading.untilEvents(1)).toMatchObject([{ data: 'the first' }])
  })
})

/** What, body, status, code, detail, content type. */
function refused() {
  const message = { channel: 'news', data: 1 }
  const line = /line feed \(U\+000A\) at index 1/
  return [
    ['a line end in the event', { ...message, event: 'a\nb' }, 400, 'field_invalid', line, json],
    ['a line end in the id', { ...message, id: 'a\nb' }, 400, 'field_invalid', line, json],
    ['a line end in the key', { ...message, key: 'a\r\nb' }, 400, 'field_invalid', /carriage return/, json],
    ['a line end in the channel', { data: 1, channel: 'a\nb' }, 400, 'channel_invalid', /white space/, json],
    ['a channel that is not declared', { data: 1, channel: 'secret' }, 403, 'channel_unknown', /"secret"/, json],
    ['a reserved event name', { ...message, event: 'millrace:gap' }, 400, 'event_invalid', /reserved/, json],
    ['an event that is no string', { ...message, event: 7 }, 400, 'field_invalid', /event is 7/, json],
    ['a channel that is no string', { data: 1, channel: 7 }, 400, 'message_invalid', /"channel" is 7/, json],
    ['channels that are no list', { data: 1, channels: 'news' }, 400, 'message_invalid', /list of strings/, json],
    ['both channel and channels', { ...message, channels: ['news'] }, 400, 'message_invalid', /Both/, json],
    ['neither channel nor channels', { data: 1 }, 400, 'channels_missing', /No channel/, json],
    ['a message without data', { channel: 'news' }, 400, 'message_invalid', /"data" is missing/, json],
    ['a field that there is not', { ...message, chanel: 1 }, 400, 'message_invalid', /no field "chanel"/, json],
    ['a list in a list', [[message]], 400, 'message_invalid', /Item 0: A message is a JSON object/, json],
    ['bad JSON', '{"channel":', 400, 'body_invalid', /not JSON/, json],
    ['a JSON string', '"news"', 400, 'message_invalid', /not .*news/, json],
    ['an empty body', '', 400, 'body_invalid', /empty/, json],
    ['a bad line', '{"channel":"news","data":1}\n{', 400, 'body_invalid', /^Line 2 is not JSON/, ndjson],
    ['no lines', '\n\n', 400, 'body_invalid', /empty/, ndjson],
    ['text that is not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 400, 'body_invalid', /UTF-8/, ndjson],
    ['a form', 'channel=news&data=1', 400, 'body_invalid', /not JSON/, 'application/x-www-form-urlencoded'],
    ['another type', JSON.stringify(message), 415, 'content_type_unsupported', /image\/png.*json/, 'image/png'],
  ] as const
}

function post(stage: Stage, body: unknown, type: string = json): Promise<Response> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  return stage.fetch('/publish', {
    method: 'POST',
    headers: { 'content-type': type },
    body: isRaw ? (body as BodyInit) : JSON.stringify(body),
  })
}
