import { describe, expect, test } from 'vitest'
import { adapters } from './support/adapters.ts'
import { createStage } from './support/stage.ts'

const refusals = [
  ['no channel', '', 400, 'channels_missing', /Name at least one/],
  ['an empty channel', 'channel=', 400, 'channel_invalid', /non-empty/],
  ['an empty channel beside others', 'channel=news,', 400, 'channel_invalid', /non-empty/],
  ['a channel that is not declared', 'channel=news,secret', 403, 'channel_unknown', /"secret" is not declared/],
  ['a parameter of two parts', 'channel=rooms.1.2', 403, 'channel_unknown', /"rooms\.1\.2"/],
  ['a line end in a channel', 'channel=rooms.1%0Adata:x', 400, 'channel_invalid', /control character/],
  ['too many channels', `channel=${names(6)}`, 400, 'channels_too_many', /6 channels .* at most 5/],
  ['a name that is too long', `channel=rooms.${'x'.repeat(50)}`, 400, 'channel_invalid', /56 characters; at most 40/],
  ['a time that is none', 'channel=news&since=yesterday', 400, 'cursor_invalid', /since="yesterday".*10m/],
] as const

describe.for(adapters)('a stream that is refused over $name', (adapter) => {
  test.for(refusals)('says why: %s', async ([, query, status, code, detail]) => {
    const stage = await createStage(adapter, { limits: { channels: 5, name: 40 } })

    const response = await stage.fetch(`/sse?${query}`)

    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toMatchObject({ status, code, detail: expect.stringMatching(detail) })
    expect([stage.hub.subscribers, stage.hub.channels, stage.errors]).toEqual([0, 0, []])
  })

  test.for(['POST', 'PUT', 'DELETE', 'OPTIONS'])('says which methods there are: %s', async (method, { skip }) => {
    if (method === 'OPTIONS' && adapter.hasCors) skip('CORS middleware answers it')
    const stage = await createStage(adapter)

    const response = await stage.fetch('/sse?channel=news', { method })

    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, HEAD')
    expect(await response.json()).toMatchObject({
      code: 'method_not_allowed',
      detail: `${method} is not understood here. Use GET, HEAD.`,
    })
    expect(stage.hub.subscribers).toBe(0)
  })

  test('is asked to come again when the hub is full', async () => {
    const stage = await createStage(adapter, { limits: { subscribers: 1 } })
    const reading = await stage.subscribe('channel=news')

    const response = await stage.fetch('/sse?channel=news')

    expect(response.status).toBe(503)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await response.json()).toMatchObject({ code: 'hub_full', limit: 1 })
    expect([reading.isOver, stage.hub.subscribers]).toEqual([false, 1])
  })

  test('is asked to come again when the hub has closed', async () => {
    const stage = await createStage(adapter)
    await stage.hub.close()

    const stream = await stage.fetch('/sse?channel=news')
    const publish = await stage.fetch('/publish', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"channel":"news","data":1}',
    })

    for (const response of [stream, publish]) {
      expect(response.status).toBe(503)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await response.json()).toMatchObject({ code: 'hub_closed' })
    }
  })
})

function names(count: number): string {
  return Array.from({ length: count }, (_, index) => `rooms.${index}`).join()
}
