import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastifyCors from '@fastify/cors'
import { createAdaptorServer } from '@hono/node-server'
import compression from 'compression'
import cors from 'cors'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import { cors as honoCors } from 'hono/cors'
import * as expressDoor from '../../../../src/express.ts'
import { millrace } from '../../../../src/fastify.ts'
import type { Hub } from '../../../../src/hub/api.ts'
import * as nodeDoor from '../../../../src/node.ts'
import { createFront } from '../../../../src/server/front.ts'
import { createRoutes } from '../../../../src/server/routes.ts'
import * as webDoor from '../../../../src/web.ts'
import { startNginx } from '../../../support/nginx.ts'
import { corsOrigin, type Served, type StartOptions } from './adapter.ts'

export async function startNode(hub: Hub, { before }: StartOptions = {}): Promise<Served> {
  const stream = nodeDoor.sse(hub)
  const publish = nodeDoor.publish(hub)
  return listen(
    createServer(async (request, response) => {
      await before?.()
      if (request.url?.startsWith('/publish')) await publish(request, response)
      else await stream(request, response)
    }),
  )
}

/** The standalone hub's own: most of what is asked of it is answered without Node's HTTP server. */
export async function startFront(hub: Hub, { before }: StartOptions = {}): Promise<Served> {
  const state = { onError: console.error, isDraining: () => false }
  const routes = createRoutes({ hub, dev: true, cors: [corsOrigin], ...state })
  const { http, cutAll } = createFront(async (request) => {
    await before?.()
    return routes(request)
  }, state)
  return { ...(await listen(http)), cut: cutAll }
}

export async function startBehindNginx(hub: Hub, options?: StartOptions): Promise<Served> {
  const upstream = await startNode(hub, options)
  const nginx = await startNginx({ upstreamPort: upstream.port })
  const { port } = nginx
  const close = async () => {
    await upstream.close()
    await nginx.stop()
  }
  return {
    fetch: (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init),
    port,
    base: '',
    close,
    cut: upstream.cut,
  }
}

export async function startExpress(hub: Hub, { before }: StartOptions = {}): Promise<Served> {
  const app = express()
  app.use(waitFor(before))
  app.all('/sse', expressDoor.sse(hub))
  app.all('/publish', expressDoor.publish(hub))
  return listen(createServer(app))
}

/** With what a grown application has: parsers, compression, CORS, and routers. */
export async function startGrownExpress(hub: Hub, { before }: StartOptions = {}): Promise<Served> {
  const app = express()
  app.use(waitFor(before), compression({ threshold: 0 }), cors({ origin: corsOrigin }), express.json())
  const router = express.Router()
  router.all('/sse', expressDoor.sse(hub))
  router.all('/publish', expressDoor.publish(hub))
  app.use('/push', router)
  // Errors of the parser; Express would print them.
  const refuse: express.ErrorRequestHandler = (error, _request, response, _next) =>
    void response.status(error.status ?? 500).json({ message: error.message })
  app.use(refuse)
  return listen(createServer(app), '/push')
}

export async function startFastify(hub: Hub, { before }: StartOptions = {}): Promise<Served> {
  const app = fastify()
  app.addHook('onRequest', async () => before?.())
  await app.register(fastifyCors, { origin: corsOrigin })
  await app.register(millrace, { hub, publish: '/publish', prefix: '/push' })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { ...servedAt(app.server, '/push'), close: () => app.close() }
}

export async function startHono(hub: Hub, { before }: StartOptions = {}): Promise<Served> {
  const app = new Hono()
  const stream = webDoor.sse(hub)
  const publish = webDoor.publish(hub)
  app.use(
    async (_context, next) => {
      await before?.()
      await next()
    },
    honoCors({ origin: corsOrigin }),
  )
  app.all('/sse', ({ req }) => stream(req.raw))
  app.all('/publish', ({ req }) => publish(req.raw))
  return listen(createAdaptorServer({ fetch: app.fetch }) as Server)
}

function waitFor(before: (() => Promise<void>) | undefined): express.RequestHandler {
  return async (_request, _response, next) => {
    await before?.()
    next()
  }
}

async function listen(server: Server, base = ''): Promise<Served> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return servedAt(server, base)
}

function servedAt(server: Server, base: string): Served {
  const { port } = server.address() as AddressInfo
  return {
    fetch: (path, init) => fetch(`http://127.0.0.1:${port}${base}${path}`, init),
    port,
    base,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
    cut: () => server.closeAllConnections(),
  }
}
