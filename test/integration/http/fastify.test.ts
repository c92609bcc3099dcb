import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGunzip } from 'node:zlib'
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import millraceDefault, { millrace } from '../../../src/fastify.ts'
import { createHub, defineChannel, type Hub } from '../../../src/index.ts'
import { sse } from '../../../src/node.ts'
import { until } from '../../support/until.ts'
import { createGate } from './support/gate.ts'
import { type Reading, read } from './support/reading.ts'
import { channels } from './support/stage.ts'

let hub: Hub
let app: FastifyInstance

beforeEach(() => {
  hub = createHub({ channels })
  app = fastify()
})

afterEach(async () => {
  await app.close()
  await hub.close()
})

describe('the Fastify plugin', () => {
  test('streams at /sse, and lets nobody publish unless it is told to', async () => {
    await app.register(millraceDefault, { hub })

    expect((await app.inject({ method: 'HEAD', url: '/sse' })).statusCode).toBe(200)
    expect((await publish('/publish')).statusCode).toBe(404)
  })

  test('can be for publishing alone', async () => {
    await app.register(millrace, { hub, path: false, publish: '/in' })

    expect((await app.inject('/sse?channel=news')).statusCode).toBe(404)
    expect((await publish('/in')).json()).toEqual({ id: expect.stringMatching(/^\d+-\d+$/) })
  })

  test('leaves the body parsing of the routes around it alone', async () => {
    app.post('/echo', async ({ body }) => ({ body }))
    await app.register(millrace, { hub, publish: '/publish' })

    const echo = await app.inject({ method: 'POST', url: '/echo', payload: { a: 1 } })

    expect(echo.json()).toEqual({ body: { a: 1 } })
    expect(
      (await app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': 'application/x-ndjson' } }))
        .statusCode,
    ).toBe(415)
  })

  test('is behind the hooks of its scope', async () => {
    await app.register(async (scope) => {
      scope.addHook('onRequest', async ({ headers }, reply) => {
        if (headers.authorization === undefined) await reply.code(401).send({ error: 'Who are you?' })
      })
      await scope.register(millrace, { hub, publish: '/publish' })
    })

    expect((await app.inject('/sse?channel=news')).statusCode).toBe(401)
    expect((await publish('/publish')).statusCode).toBe(401)
    expect((await publish('/publish', { authorization: 'me' })).statusCode).toBe(200)
    expect(hub.subscribers).toBe(0)
  })

  test('lets authorize see what hooks have found out', async () => {
    hub = createHub({
      channels: [
        defineChannel('users.{user}', {
          authorize: ({ params, request }) => (request.raw as FastifyRequest & { user: string }).user === params.user,
        }),
      ],
    })
    app.decorateRequest('user', '')
    app.addHook('onRequest', async (request) => Object.assign(request, { user: request.headers.authorization }))
    await app.register(millrace, { hub })
    const headers = { authorization: 'ann' }
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const mine = await fetch(`${url}/sse?channel=users.ann`, { headers })

    expect(mine.status).toBe(200)
    expect((await app.inject({ url: '/sse?channel=users.bob', headers })).statusCode).toBe(403)
    await mine.body?.cancel()
  })

  test('lets nobody in for whom authorize decides after the app has begun to close', async () => {
    const gate = createGate()
    hub = createHub({ channels: [defineChannel('slow', { authorize: () => gate.pass().then(() => true) })] })
    await app.register(millrace, { hub })
    // Hooks run in the order in which they were added.
    await app.register(async (scope) => {
      scope.addHook('preClose', async () => gate.open())
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const request = fetch(`${url}/sse?channel=slow`)
    await until('the question', async () => gate.reached > 0 || undefined)

    const closed = app.close()

    expect((await request).status).toBe(503)
    await closed
    expect([hub.subscribers, hub.channels]).toEqual([0, 0])
  })

  test('keeps every header that hooks have set, cookies too', async () => {
    app.addHook('preHandler', async (_request, reply) => {
      reply.header('set-cookie', ['a=1', 'b=2']).header('x-request', 7)
    })
    await app.register(millrace, { hub })

    const { response } = await subscribe()

    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect([response.headers.get('x-request'), response.headers.get('content-type')]).toEqual([
      '7',
      'text/event-stream',
    ])
  })

  test('ends the streams of its app when the app closes, and no others', async () => {
    const other = createServer(sse(hub)).listen(0, '127.0.0.1')
    await once(other, 'listening')
    await app.register(millrace, { hub })
    const ours = await subscribe()
    const theirs = await subscribe((other.address() as AddressInfo).port)
    const start = performance.now()

    await app.close()

    expect(performance.now() - start).toBeLessThan(1_000)
    await ours.untilOver()
    await hub.publish('news', 'still here')
    expect(await theirs.untilEvents(1)).toMatchObject([{ data: 'still here' }])
    expect([ours.events, hub.subscribers]).toEqual([[], 1])
    theirs.leave()
    other.closeAllConnections()
    other.close()
  })

  test('leaves streams as they are where it is told to', async () => {
    await app.register(millrace, { hub, compress: false })
    const headers = { 'accept-encoding': 'gzip' }

    const { headers: answered } = await app.inject({ method: 'HEAD', url: '/sse', headers })

    expect([answered['content-encoding'], answered.vary]).toEqual([undefined, undefined])
  })

  test('ends compressed streams as a whole when the app closes', async () => {
    await app.register(millrace, { hub })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const sent = request({ port, path: '/sse?channel=news', headers: { 'accept-encoding': 'gzip' } }).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    let text = ''
    const gunzip = response.pipe(createGunzip()).on('data', (bytes) => {
      text += bytes
    })
    await until('the first block', async () => text.includes('\nid: ') || undefined)

    await app.close()

    // A stream without its end would be an error.
    await once(gunzip, 'end')
    expect(response.headers['content-encoding']).toBe('gzip')
  })
})

function publish(url: string, headers = {}) {
  return app.inject({ method: 'POST', url, headers, payload: { channel: 'news', data: 1 } })
}

async function subscribe(port?: number): Promise<Reading> {
  if (port === undefined) await app.listen({ port: 0, host: '127.0.0.1' })
  const leaving = new AbortController()
  const response = await fetch(
    `http://127.0.0.1:${port ?? (app.server.address() as AddressInfo).port}/sse?channel=news`,
    {
      signal: leaving.signal,
    },
  )
  const reading = read(response, () => leaving.abort())
  await until('the first block', async () => (reading.ids.length > 0 ? true : undefined))
  return reading
}
