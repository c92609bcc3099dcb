import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { corsOrigin } from './support/adapter.ts'
import { streaming } from './support/adapters.ts'
import { get } from './support/raw-client.ts'
import { createStage } from './support/stage.ts'

const hasCurl = spawnSync('curl', ['--version']).status === 0

describe.for(streaming)('a stream over $name', (adapter) => {
  test('opens at once, with the time to reconnect and a place to resume from, though nothing is published', async () => {
    const stage = await createStage(adapter)
    const start = performance.now()

    const reading = await stage.subscribe('channel=news')

    expect(performance.now() - start).toBeLessThan(1_000)
    expect(reading.response.status).toBe(200)
    expect(reading.text).toMatch(/^retry: \d+\nid: \d+-\d+\n\n$/)
    expect([reading.events, stage.errors]).toEqual([[], []])
  })

  test('says that it is an event stream, and that nobody on the way may keep or change it', async () => {
    const stage = await createStage(adapter)

    const { response } = await stage.subscribe('channel=news')

    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(response.headers.get('x-accel-buffering')).toBe(adapter.isProxied ? null : 'no')
    expect(response.headers.get('content-encoding')).toBe(adapter.isCompressed ? 'gzip' : null)
    expect(response.headers.get('content-length')).toBe(null)
  })

  test.runIf(adapter.isHttp1)('sends its first bytes to a bare socket at once', async () => {
    const stage = await createStage(adapter)
    const client = await stage.dial()
    const start = performance.now()

    client.socket.write(get(`${stage.base}/sse?channel=news`, { 'Accept-Encoding': 'br', Origin: corsOrigin }))
    const text = await client.untilText('\nid: ')

    expect(performance.now() - start).toBeLessThan(1_000)
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(text).not.toMatch(/^content-encoding/im)
  })

  test.runIf(!adapter.isHttp1 && !adapter.isCompressed)(
    'says nothing of the connection, which is not its own',
    async () => {
      const stage = await createStage(adapter)

      const { response } = await stage.subscribe('channel=news')

      expect(['connection', 'keep-alive', 'transfer-encoding'].filter((name) => response.headers.has(name))).toEqual([])
    },
  )

  test.runIf(adapter.isHttp1 && hasCurl)('is seen by curl at once', async () => {
    const stage = await createStage(adapter)
    const curl = spawn('curl', ['-sN', `http://127.0.0.1:${stage.port}${stage.base}/sse?channel=news`])
    stage.undo(() => curl.kill())

    const [opening] = await once(curl.stdout, 'data')
    await stage.hub.publish('news', 'Hello')
    const [message] = await once(curl.stdout, 'data')
    curl.kill('SIGKILL')

    expect(String(opening)).toMatch(/^retry: \d+\nid: /)
    expect(String(message)).toMatch(/^id: \S+\nchannel: news\ndata: Hello\n\n$/)
    await stage.untilEmpty()
  })

  test.runIf(adapter.hasCors)('keeps the headers that others have set', async () => {
    const stage = await createStage(adapter)
    const headers = { origin: corsOrigin }

    const { response } = await stage.subscribe('channel=news', { headers })
    const refusal = await stage.fetch('/sse', { headers })

    expect(response.headers.get('access-control-allow-origin')).toBe(corsOrigin)
    expect(refusal.headers.get('access-control-allow-origin')).toBe(corsOrigin)
  })

  test('answers HEAD with the headers alone, and leaves nobody behind', async () => {
    const stage = await createStage(adapter)

    const response = await stage.fetch('/sse?channel=news', { method: 'HEAD' })

    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(await response.text()).toBe('')
    expect([stage.hub.subscribers, stage.hub.channels]).toEqual([0, 0])
  })
})
