import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { publish, sse } from '../../../src/express.ts'
import { createHub, defineChannel, type Hub } from '../../../src/index.ts'
import { createGate, slowBroker } from './support/gate.ts'
import { channels } from './support/stage.ts'

let hub: Hub
let server: Server | undefined

beforeEach(() => {
  hub = createHub({ channels })
})

afterEach(async () => {
  await hub.close()
  server?.closeAllConnections()
  server?.close()
})

describe('an Express handler', () => {
  const message = '{"channel":"news","data":"Hello"}'

  test.for([
    ['express.json()', express.json(), 'application/json'],
    ['express.json() that takes any value', express.json({ strict: false }), 'application/json'],
    ['express.json() for everything that ends so', express.json({ type: '*/*+json' }), 'application/cloudevents+json'],
    ['express.json() for another type', express.json(), 'application/x-ndjson'],
    ['express.text()', express.text({ type: '*/*' }), 'application/json'],
    ['express.text() of lines', express.text({ type: '*/*' }), 'application/x-ndjson'],
    ['express.raw()', express.raw({ type: '*/*' }), 'application/json'],
    ['express.urlencoded()', express.urlencoded(), 'application/json'],
  ] as const)('publishes what it finds behind %s', async ([, parser, type]) => {
    const url = await listen(express().use(parser).post('/publish', publish(hub)))

    const response = await fetch(`${url}/publish`, { method: 'POST', headers: { 'content-type': type }, body: message })

    const id = expect.stringMatching(/^\d+-\d+$/)
    expect(await response.json()).toEqual(type === 'application/x-ndjson' ? { ids: [id] } : { id })
  })

  test('publishes no form, whoever has parsed it', async () => {
    const url = await listen(express().use(express.urlencoded()).post('/publish', publish(hub)))

    const response = await fetch(`${url}/publish`, { method: 'POST', body: new URLSearchParams('channel=news&data=1') })

    expect(response.status).toBe(415)
  })

  test('comes too late where middleware has answered', async () => {
    const head = createGate()
    hub = createHub({ channels, broker: slowBroker({ head }) })
    const app = express()
    app.use((_request, response, next) => {
      next()
      response.status(504).write('too slow')
    })
    const url = await listen(app.get('/sse', sse(hub)))

    const response = await fetch(`${url}/sse?channel=news`)
    await expect.poll(() => hub.subscribers).toBe(0)

    expect(response.status).toBe(504)
    await response.body?.cancel()
  })

  test('lets authorize see what middleware has found out', async () => {
    type SignedIn = express.Request & { user?: string }
    const mine = defineChannel('users.{user}', {
      authorize: ({ params, request }) => (request.raw as SignedIn).user === params.user,
    })
    hub = createHub({ channels: [mine] })
    const app = express()
    app.use((request: SignedIn, _response, next) => {
      if (request.get('cookie') === 'session=7') request.user = 'ann'
      next()
    })
    const url = await listen(app.get('/sse', sse(hub)))
    const statusOf = async (user: string, cookie: string) => {
      const response = await fetch(`${url}/sse?channel=users.${user}`, { headers: { cookie } })
      await response.body?.cancel()
      return response.status
    }

    expect(await statusOf('ann', 'session=7')).toBe(200)
    expect(await statusOf('bob', 'session=7')).toBe(403)
    expect(await statusOf('ann', 'session=8')).toBe(403)
  })

  test('answers HEAD and refuses the rest under app.use', async () => {
    const url = await listen(express().use('/sse', sse(hub)))

    expect((await fetch(`${url}/sse`, { method: 'HEAD' })).status).toBe(200)
    expect((await fetch(`${url}/sse/`, { method: 'DELETE' })).status).toBe(405)
  })
})

async function listen(app: express.Express): Promise<string> {
  server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
