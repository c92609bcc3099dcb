import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHub, defineChannel, type Hub } from '../../../src/index.ts'
import { publish, sse, type WebHandler } from '../../../src/web.ts'
import { ManualClock, turn } from '../../support/manual-clock.ts'

const url = 'http://localhost/sse?channel=news'

let hub: Hub
let clock: ManualClock
let handler: WebHandler

beforeEach(() => {
  hub = createHub({ channels: [defineChannel('news')] })
  clock = new ManualClock()
  handler = sse(hub, { clock })
})

afterEach(() => hub.close())

describe('a response of a fetch handler', () => {
  test('that is dropped unread leaves nothing behind', async () => {
    const response = await handler(new Request(url))
    expect([hub.subscribers, clock.timers]).toEqual([1, 1])

    clock.advance(10_000)

    expect([hub.subscribers, hub.channels, clock.timers]).toEqual([0, 0, 0])
    expect(await response.text()).toBe('')
  })

  test('that is read in time stays, however long that takes', async () => {
    const response = await handler(new Request(url))
    const reader = response.body?.getReader()
    clock.advance(9_999)

    await reader?.read()
    clock.advance(1_000_000)

    expect([hub.subscribers, clock.timers]).toEqual([1, 0])
  })

  test('whose body is cancelled at once leaves nothing behind', async () => {
    const response = await handler(new Request(url))

    await response.body?.cancel()

    expect([hub.subscribers, hub.channels, clock.timers]).toEqual([0, 0, 0])
  })

  test('whose body is cancelled while it is read leaves nothing behind', async () => {
    const response = await handler(new Request(url))
    const reader = response.body?.getReader()
    await reader?.read()

    await reader?.cancel()

    expect([hub.subscribers, hub.channels, clock.timers]).toEqual([0, 0, 0])
  })

  test('to a request that was aborted before leaves nothing behind', async () => {
    await handler(new Request(url, { signal: AbortSignal.abort() }))

    expect([hub.subscribers, hub.channels, clock.timers]).toEqual([0, 0, 0])
  })

  test('to a request that is aborted before it is read leaves nothing behind', async () => {
    const leaving = new AbortController()
    const response = await handler(new Request(url, { signal: leaving.signal }))

    leaving.abort()

    expect([hub.subscribers, hub.channels, clock.timers]).toEqual([0, 0, 0])
    expect(await response.text()).toBe('')
  })

  test('has missed nothing that was published before it was read', async () => {
    const response = await handler(new Request(url))
    await hub.publish('news', 'early')
    await turn()

    const reader = response.body?.getReader()
    const text = await readUntil(reader, 'early')

    expect(text).toMatch(/^retry: \d+\nid: \d+-\d+\n\nid: \d+-\d+\nchannel: news\ndata: early\n\n$/)
  })

  test('hands the same bytes to every reader, and takes them from nobody', async () => {
    const readers = await Promise.all([1, 2].map(async () => (await handler(new Request(url))).body?.getReader()))
    for (const reader of readers) await reader?.read()
    await turn()
    await hub.publish('news', 'shared')

    const chunks = await Promise.all(readers.map((reader) => reader?.read()))

    expect(chunks[0]?.value).toBe(chunks[1]?.value)
    expect(chunks[0]?.value?.byteLength).toBeGreaterThan(0)
  })
})

test('a publish handler says so when somebody has read the body before', async () => {
  const errors: unknown[] = []
  const request = new Request('http://localhost/publish', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"channel":"news","data":1}',
  })
  await request.text()

  const response = await publish(hub, { onError: (error) => errors.push(error) })(request)

  expect([response.status, errors]).toEqual([500, [expect.any(TypeError)]])
})

async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array> | undefined, part: string): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  while (!text.includes(part)) text += decoder.decode((await reader?.read())?.value, { stream: true })
  return text
}
