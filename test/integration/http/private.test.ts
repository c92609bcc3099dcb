import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Joining } from '../../../src/channels/authorize.ts'
import { defineChannel } from '../../../src/channels/define.ts'
import type { HubOptions } from '../../../src/hub/api.ts'
import { until } from '../../support/until.ts'
import type { Adapter } from './support/adapter.ts'
import { adapters } from './support/adapters.ts'
import { createGate } from './support/gate.ts'
import { get } from './support/raw-client.ts'
import { channels, createStage } from './support/stage.ts'

type Authorize = (joining: Joining<'teams.{team}'>) => boolean | Promise<boolean>

/** A hub with a private channel beside the public ones. */
function createPrivateStage(adapter: Adapter, authorize: Authorize, options: Partial<HubOptions> = {}) {
  return createStage(adapter, { channels: [...channels, defineChannel('teams.{team}', { authorize })], ...options })
}

afterEach(() => vi.restoreAllMocks())

describe.for(adapters)('a private channel over $name', (adapter) => {
  test('is read by whom authorize admits, beside a public one', async () => {
    const asked: unknown[] = []
    const stage = await createPrivateStage(adapter, async ({ channel, params, request }) => {
      const token = request.query.get('token')
      asked.push([channel, params, token, request.header('X-User'), request.url.endsWith('token=a%20b')])
      return token === 'a b' && request.header('x-user') === 'ann'
    })

    const reading = await stage.subscribe('channel=news,teams.red&token=a%20b', { headers: { 'x-user': 'ann' } })
    await stage.hub.publish('teams.red', 'Hello')

    expect(await reading.untilEvents(1)).toMatchObject([{ data: 'Hello' }])
    expect(asked).toEqual([['teams.red', { team: 'red' }, 'a b', 'ann', true]])
    expect(stage.errors).toEqual([])
  })

  test('is refused before the stream begins, as one that is not there would be', async () => {
    const stage = await createPrivateStage(adapter, ({ params }) => params.team === 'red')

    const response = await stage.fetch('/sse?channel=news,teams.red,teams.blue')

    expect(response.status).toBe(403)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'channel forbidden',
      status: 403,
      code: 'channel_forbidden',
      detail: expect.stringContaining('"teams.blue"'),
      channels: ['teams.blue'],
    })
    expect([stage.hub.subscribers, stage.hub.channels, stage.errors]).toEqual([0, 0, []])
  })

  test('whose authorize fails lets nobody in, and tells nobody why', async () => {
    const warnings: unknown[] = []
    for (const method of ['warn', 'error'] as const) {
      vi.spyOn(console, method).mockImplementation((...values) => void warnings.push(values.at(-1)))
    }
    const cause = new Error('hunter2')
    const stage = await createPrivateStage(adapter, () => {
      throw cause
    })

    const response = await stage.fetch('/sse?channel=teams.red')
    const text = await response.text()

    expect(response.status).toBe(500)
    expect(JSON.parse(text)).toMatchObject({ code: 'authorize_failed', detail: 'Something went wrong on the server.' })
    expect(text).not.toMatch(/hunter2|teams/)
    expect([stage.hub.subscribers, stage.hub.channels]).toEqual([0, 0])
    expect(warnings).toEqual([expect.objectContaining({ code: 'authorize_failed', cause })])
  })

  test('whose authorize hangs answers 503 in time, with a time to try again', async () => {
    const stage = await createPrivateStage(adapter, () => new Promise(() => {}), { limits: { authorize: 50 } })

    const response = await stage.fetch('/sse?channel=teams.red')

    expect(response.status).toBe(503)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await response.json()).toMatchObject({ code: 'authorize_timeout', limit: 50 })
    expect(stage.errors).toEqual([expect.objectContaining({ code: 'authorize_timeout' })])
  })

  test('sends nothing before it is decided, and holds nobody', async () => {
    const gate = createGate()
    const stage = await createPrivateStage(adapter, () => gate.pass().then(() => true))
    let hasHeaders = false
    const opening = stage.subscribe('channel=teams.red').finally(() => {
      hasHeaders = true
    })
    await until('the question', async () => gate.reached > 0 || undefined)

    await stage.fetch('/sse?channel=news', { method: 'HEAD' })
    expect([hasHeaders, stage.hub.subscribers, stage.hub.channels]).toEqual([false, 0, 0])
    gate.open()

    expect((await opening).text).toMatch(/^retry: \d+\nid: \S+\n\n$/)
  })

  test('holds nothing of a reader that leaves while it is decided', async () => {
    const gate = createGate()
    const stage = await createPrivateStage(adapter, () => gate.pass().then(() => true))
    const leaving = new AbortController()
    const request = stage.fetch('/sse?channel=teams.red', { signal: leaving.signal }).catch(() => undefined)
    await until('the question', async () => gate.reached > 0 || undefined)

    leaving.abort()
    // What the server does for another it does after it has heard that the first one is gone.
    await stage.fetch('/sse?channel=teams.red', { method: 'HEAD' })
    gate.open()
    await request

    // Whoever asks after it is let in after it.
    const reading = await stage.subscribe('channel=teams.red')
    reading.leave()
    await stage.untilEmpty()
    expect(stage.errors).toEqual([])
  })

  test.runIf(adapter.isHttp1)('holds nothing of a reader that resets its connection while it is decided', async () => {
    const gate = createGate()
    const stage = await createPrivateStage(adapter, () => gate.pass().then(() => true))
    const clients = await Promise.all(Array.from({ length: 5 }, () => stage.dial()))
    for (const client of clients) client.socket.write(get(`${stage.base}/sse?channel=teams.red`))
    await until('the questions', async () => gate.reached === 5 || undefined)

    for (const client of clients) client.socket.resetAndDestroy()
    gate.open()

    const reading = await stage.subscribe('channel=teams.red')
    reading.leave()
    await stage.untilEmpty()
    expect(stage.errors).toEqual([])
  })

  test('is refused with 503 when the hub closes while it is decided', async () => {
    const gate = createGate()
    const stage = await createPrivateStage(adapter, () => gate.pass().then(() => true))
    const request = stage.fetch('/sse?channel=teams.red')
    await until('the question', async () => gate.reached > 0 || undefined)

    await stage.hub.close()

    const response = await request
    expect(response.status).toBe(503)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await response.json()).toMatchObject({ code: 'hub_closed' })
  })

  test('says nothing of itself to HEAD, which asks nobody', async () => {
    let questions = 0
    const stage = await createPrivateStage(adapter, () => questions++ > 0)
    const head = async (channel: string) => {
      const { status, headers } = await stage.fetch(`/sse?channel=${channel}`, { method: 'HEAD' })
      return [status, ...[...headers].filter(([name]) => name !== 'date')]
    }

    expect(await head('teams.red')).toEqual(await head('no.such.channel'))
    expect(await head('teams.red')).toEqual(await head('news'))
    expect([questions, stage.hub.subscribers]).toEqual([0, 0])
  })

  test('takes what is published by whoever may publish', async () => {
    const stage = await createPrivateStage(adapter, () => false)

    const response = await stage.fetch('/publish', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"channel":"teams.red","data":"Hello"}',
    })

    expect(await response.json()).toEqual({ id: expect.stringMatching(/^\d+-\d+$/) })
  })

  test('is asked for with the request of the platform', async () => {
    const kinds: unknown[] = []
    const stage = await createPrivateStage(adapter, ({ request }) => {
      const { raw } = request
      kinds.push(raw instanceof Request ? 'Request' : typeof raw === 'object' && raw !== null && 'headers' in raw)
      return false
    })

    await stage.fetch('/sse?channel=teams.red')

    const isWeb = adapter.name.startsWith('Hono') || adapter.name.startsWith('a fetch')
    // The standalone hub reads plain requests by itself, and has nothing more of them.
    expect(kinds).toEqual([isWeb ? 'Request' : adapter.name !== 'the standalone hub'])
  })
})
