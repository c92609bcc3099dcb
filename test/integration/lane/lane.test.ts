import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { defineChannel } from '../../../src/channels/define.ts'
import type { Hub } from '../../../src/hub/api.ts'
import { createHub } from '../../../src/hub/hub.ts'
import { type Lane, openLane } from '../../../src/server/lane.ts'
import { createRoutes } from '../../../src/server/routes.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/until.ts'
import { usedMemory } from '../http/support/heap.ts'
import { dial as dialPort, get, type RawClient } from '../http/support/raw-client.ts'
import { readAnswers } from './support/answers.ts'

const stream = get('/sse?channel=a')

let hub: Hub
let http: Server
let lane: Lane
let clock: ManualClock
/** Connections and requests that came to Node's server. */
let handedOver: number
let ordinary: string[]
let isOpen: boolean

beforeEach(async () => {
  hub = createHub({ channels: [defineChannel('a')], limits: { subscribers: 3 } })
  const routes = createRoutes({ hub, dev: true, cors: [], onError: console.error, isDraining: () => false })
  handedOver = 0
  ordinary = []
  isOpen = true
  clock = new ManualClock()
  http = createServer((request, response) => {
    ordinary.push(`${request.method} ${request.url}`)
    response.end('ordinary')
  })
  http.on('connection', () => {
    handedOver++
  })
  lane = openLane(http, {
    routes,
    isOpen: () => isOpen,
    timeout: 10_000,
    interval: 5_000,
    onError: console.error,
    clock,
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
})

afterEach(async () => {
  const closed = once(http, 'close')
  http.close()
  http.closeAllConnections()
  await hub.close()
  lane.cut()
  await closed
  expect(clock.timers).toBe(0)
})

async function dial(): Promise<RawClient> {
  const client = await dialPort((http.address() as AddressInfo).port)
  onTestFinished(() => void client.socket.destroy())
  return client
}

/** A reader that the lane has taken. */
async function subscribe(request = stream): Promise<RawClient> {
  const client = await dial()
  client.socket.write(request)
  await client.untilText('\nid: ')
  expect(ordinary).toEqual([])
  return client
}

describe('the lane', () => {
  test('answers a browser, and Node’s server never hears of it', async () => {
    const client = await subscribe(
      get('/sse?channel=a', {
        Connection: 'keep-alive',
        'sec-ch-ua-platform': '"Linux"',
        'User-Agent':
          'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
        Accept: 'text/event-stream',
        'Cache-Control': 'no-cache',
        'Sec-Fetch-Site': 'same-origin',
        Referer: 'http://localhost/',
        'Accept-Encoding': 'identity',
        'Accept-Language': 'en-US,en;q=0.9,de;q=0.8',
        Cookie: 'theme=dark; _ga=GA1.1.1',
      }),
    )

    await hub.publish('a', 'Hello')
    await client.untilText('data: Hello')

    expect(readAnswers(client.text)).toMatchObject([
      {
        status: 'HTTP/1.1 200 OK',
        body: expect.stringMatching(/^retry\nid: .*\n\nid: .*\nchannel: a\ndata: Hello\n\n$/),
      },
    ])
  })

  test('hears of a cursor', async () => {
    await hub.publish('a', 'first')
    const cursor = await hub.head()
    await hub.publish('a', 'second')

    const client = await subscribe(get('/sse?channel=a', { 'last-event-id': cursor }))

    expect(await client.untilText('data: second')).not.toContain('first')
  })

  test('refuses who is too many, and lets the connection go', async () => {
    for (let count = 0; count < 3; count++) await subscribe()
    const client = await dial()

    client.socket.write(stream)
    await client.untilClosed()

    expect(client.text).toMatch(
      /^HTTP\/1\.1 503 Service Unavailable\r\n[\s\S]*^retry-after: [2-5]\r\n[\s\S]*"hub_full"/m,
    )
    expect([hub.subscribers, ordinary]).toEqual([3, []])
  })

  test.for([
    ['of another path', get('/healthz')],
    ['of another method', get('/sse?channel=a', {}, 'HEAD')],
    ['with a body', get('/sse?channel=a', { 'Content-Length': '2' })],
    ['of HTTP/1.0', stream.replace('HTTP/1.1', 'HTTP/1.0')],
    ['with another behind it', stream + get('/healthz')],
  ])('gives a request %s to the HTTP server, with all of its bytes', async ([, request = '']) => {
    const client = await dial()

    client.socket.write(request)
    await until('the request', async () => ordinary[0])

    expect(ordinary[0]).toBe(request.slice(0, request.indexOf(' HTTP')))
  })

  test('gives a request that comes in two pieces to the HTTP server', async () => {
    const client = await dial()

    client.socket.write(stream.slice(0, 20))
    await until('the first piece to be read', async () => handedOver || undefined)
    client.socket.write(stream.slice(20))
    await client.untilText('ordinary')

    expect(ordinary).toEqual(['GET /sse?channel=a'])
  })

  test('gives everything to the HTTP server when it is not open', async () => {
    isOpen = false
    const client = await dial()

    client.socket.write(stream)
    await client.untilText('ordinary')

    expect([hub.subscribers, ordinary]).toEqual([0, ['GET /sse?channel=a']])
  })

  test('answers no second request on a connection, and sends nothing of it to anyone', async () => {
    const client = await subscribe()

    client.socket.write(`${get('/healthz') + get('/sse?channel=none')}POST /publish HTTP/1.1\r\n\r\n`)
    await hub.publish('a', 'Hello')
    await client.untilText('data: Hello')

    expect(readAnswers(client.text)).toHaveLength(1)
    expect([hub.subscribers, ordinary]).toEqual([1, []])
  })

  test('cuts a client that goes on sending', async () => {
    const client = await subscribe()

    client.socket.write('x'.repeat(100_000))
    await client.untilClosed()

    expect([hub.subscribers, ordinary]).toEqual([0, []])
  })

  test('ends a connection on which no request comes, with one timer for all', async () => {
    const [early, late, reader] = [await dial(), await dial(), await subscribe()]
    await until('the connections', async () => ((await connections()) === 3 ? true : undefined))
    expect(clock.timers).toBe(1)
    late.socket.write(stream.slice(0, 1))
    await until('its byte to be read', async () => handedOver || undefined)

    clock.advance(10_000)
    await early.untilClosed()

    expect(early.text).toBe('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
    expect([late.isClosed, reader.isClosed]).toEqual([false, false])
  })

  test('lets a client go that has nothing to ask', async () => {
    const client = await dial()

    client.socket.end()
    await client.untilClosed()

    expect(await connections()).toBe(0)
  })

  test.for(['destroy', 'resetAndDestroy'] as const)(
    'holds nothing of a client that has left without a word (%s)',
    async (leave) => {
      const sockets: WeakRef<Socket>[] = []
      http.on('connection', (socket) => sockets.push(new WeakRef(socket)))
      for (let count = 0; count < 20; count++) {
        const client = await dial()
        client.socket[leave]()
      }
      await until('all to be seen and gone', async () =>
        sockets.length === 20 && (await connections()) === 0 ? true : undefined,
      )

      // No timer has come round. One or two may still be in the hands of the runtime.
      await until('the memory of them', async () => {
        await usedMemory()
        return sockets.filter((socket) => socket.deref() !== undefined).length <= 2 ? true : undefined
      })
    },
  )

  test('cuts, when the hub has ended its streams, who does not take the rest, and who waits', async () => {
    const [waiting, reader] = [await dial(), await subscribe()]
    reader.socket.pause()
    for (let count = 0; count < 20; count++) await hub.publish('a', 'x'.repeat(500_000))
    await hub.close()
    expect(await connections()).toBe(2)

    lane.cut()
    await waiting.untilClosed()

    await until('the other one', async () => ((await connections()) === 0 ? true : undefined))
  })
})

function connections(): Promise<number> {
  return new Promise((resolve, reject) => {
    http.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })
}
