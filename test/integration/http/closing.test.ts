import { describe, expect, test } from 'vitest'
import { streaming } from './support/adapters.ts'
import { get } from './support/raw-client.ts'
import { createStage } from './support/stage.ts'

describe.for(streaming)('a hub that closes over $name', (adapter) => {
  test('ends its streams, each with a time to come back, and lets the server close', async () => {
    const stage = await createStage(adapter)
    const readers = await Promise.all(Array.from({ length: 3 }, () => stage.subscribe('channel=news')))
    const start = performance.now()

    await stage.hub.close()
    await Promise.all(readers.map((reading) => reading.untilOver()))
    await stage.close()

    expect(performance.now() - start).toBeLessThan(2_000)
    for (const { text, retries } of readers)
      expect([text, retries.length]).toEqual([expect.stringMatching(/retry: \d+\n\n$/), 2])
    expect(stage.hub.subscribers).toBe(0)
  })

  test('finishes what it is writing', async () => {
    const stage = await createStage(adapter)
    const reading = await stage.subscribe('channel=news')
    const data = 'x'.repeat(500_000)

    await stage.hub.publish('news', data)
    await reading.untilEvents(1)
    await stage.hub.publish('news', data)
    await new Promise<void>((resolve) => setImmediate(resolve))
    await stage.hub.close()
    await reading.untilOver()

    expect(reading.events.map((event) => event.data.length)).toEqual([500_000, 500_000])
  })

  test.runIf(adapter.isHttp1)('closes the connection of a stream that ended', async () => {
    const stage = await createStage(adapter)
    const client = await stage.dial()
    client.socket.write(get(`${stage.base}/sse?channel=news`, { Connection: 'close' }))
    await client.untilText('\nid: ')

    await stage.hub.close()

    await client.untilClosed()
  })
})

describe.for(streaming.filter(({ isHttp1, isProxied, name }) => isHttp1 && !isProxied && !name.startsWith('Hono')))(
  'a server that closes over $name',
  (adapter) => {
    test('does not wait for readers that have stopped reading', async () => {
      // More than the systems of both ends will take.
      const stage = await createStage(adapter, { limits: { outbox: 100_000_000 } })
      const client = await stage.dial()
      client.socket.write(get(`${stage.base}/sse?channel=news`))
      await client.untilText('\nid: ')
      client.socket.pause()
      for (let sent = 0; sent < 60; sent++) {
        await stage.hub.publish('news', 'x'.repeat(1_000_000))
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
      const start = performance.now()

      // In this order: a server that is told to close cuts every answer that has ended, also those that it is still sending.
      const closed = stage.close()
      await stage.hub.close()
      await closed

      expect(performance.now() - start).toBeLessThan(5_000)
    })
  },
)
