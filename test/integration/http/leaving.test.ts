import { describe, expect, test } from 'vitest'
import { until } from '../../support/until.ts'
import type { Adapter } from './support/adapter.ts'
import { streaming } from './support/adapters.ts'
import { createGate, type Gate, slowBroker } from './support/gate.ts'
import { get } from './support/raw-client.ts'
import { createStage } from './support/stage.ts'

describe.for(streaming)('a reader that leaves over $name leaves nothing behind', (adapter) => {
  test('when it is gone before its request comes to the handler', async () => {
    const gate = createGate()
    const isFirst = () => gate.reached === 0
    const stage = await createStage(adapter, {}, { before: async () => (isFirst() ? gate.pass() : undefined) })
    const leaving = new AbortController()
    const request = stage.fetch('/sse?channel=news', { signal: leaving.signal }).catch(() => undefined)
    await reached(gate)

    leaving.abort()
    // What the server does for another it does after it has heard that the first one is gone.
    await stage.fetch('/sse?channel=news', { method: 'HEAD' })
    gate.open()
    await request

    await stage.untilEmpty()
    expect(stage.errors).toEqual([])
  })

  test('when it is gone before the first byte', async () => {
    const head = createGate()
    const stage = await createStage(adapter, { broker: slowBroker({ head }) })
    const leaving = new AbortController()
    const request = stage.fetch('/sse?channel=news', { signal: leaving.signal }).catch(() => undefined)
    await reached(head)
    expect(stage.hub.subscribers).toBe(1)

    leaving.abort()
    await request

    await stage.untilEmpty()
    head.open()
    expect(stage.errors).toEqual([])
  })

  test('in the middle of the stream', async () => {
    const stage = await createStage(adapter)
    const readers = await Promise.all(Array.from({ length: 5 }, () => stage.subscribe('channel=news,rooms.1')))
    const staying = await stage.subscribe('channel=news')

    for (const reading of readers) {
      await stage.hub.publish('news', 'x'.repeat(10_000))
      reading.leave()
      await stage.hub.publish('news', 'x'.repeat(10_000))
    }

    await until('the one who stays', async () => (stage.hub.subscribers === 1 ? true : undefined))
    expect(await staying.untilEvents(10)).toHaveLength(10)
    staying.leave()
    await stage.untilEmpty()
  })

  test('while it catches up', async () => {
    const read = createGate()
    const stage = await createStage(adapter, { broker: slowBroker({ read }) })
    await stage.hub.publish('news', 'earlier')
    const leaving = new AbortController()
    const response = await stage.fetch('/sse?channel=news&since=1h', { signal: leaving.signal })
    const reader = response.body?.getReader()
    await reader?.read()
    await reached(read)

    leaving.abort()

    await stage.untilEmpty()
    read.open()
    expect(stage.errors).toEqual([])
  })

  test.runIf(adapter.isHttp1)(
    'when it closes its half of the connection, which is how one says that one has gone',
    async () => {
      const stage = await createStage(adapter)
      const client = await stage.dial()

      client.socket.end(get(`${stage.base}/sse?channel=news`))
      await client.untilClosed()

      await stage.untilEmpty()
    },
  )

  test.runIf(adapter.isHttp1)('when it cuts the connection at any moment', async () => {
    const stage = await createStage(adapter)

    for (let turns = 0; turns < 60; turns++) {
      const client = await stage.dial()
      client.socket.write(get(`${stage.base}/sse?channel=news`))
      for (let turn = 0; turn < turns / 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
      if (turns % 2 === 0) client.socket.destroy()
      else client.socket.resetAndDestroy()
    }

    await stage.untilEmpty()
    expect(stage.errors).toEqual([])
  })

  test.runIf(speaksForItself(adapter))('when the body of its request was never read', async () => {
    const stage = await createStage(adapter)
    const client = await stage.dial()
    client.socket.write(get(`${stage.base}/sse?channel=news`, { 'Content-Length': '1000000' }))
    client.socket.write('x'.repeat(500_000))
    await client.untilText('\nid: ')

    client.socket.destroy()

    await stage.untilEmpty()
  })

  test.runIf(speaksForItself(adapter))('when its request waited behind another on the connection', async () => {
    const stage = await createStage(adapter)
    const client = await stage.dial()
    const request = get(`${stage.base}/sse?channel=news`)
    client.socket.write(request.repeat(3))
    await until('three subscribers', async () => (stage.hub.subscribers === 3 ? true : undefined))
    await client.untilText('\nid: ')

    client.socket.destroy()

    await stage.untilEmpty()
  })
})

/** The connection is ours, with no server or proxy between that decides what becomes of it. */
function speaksForItself({ isHttp1, isProxied, name }: Adapter): boolean {
  return isHttp1 && !isProxied && !name.startsWith('Hono')
}

function reached(gate: Gate): Promise<unknown> {
  return until('the gate to be reached', async () => (gate.reached > 0 ? true : undefined))
}
