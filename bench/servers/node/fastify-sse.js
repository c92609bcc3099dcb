// @ts-check
import { createServer } from 'node:http'
import sse from '@fastify/sse'
import fastify from 'fastify'
import { announce } from './announce.js'
import { channelsIn, Listeners, withPublish } from './publish.js'

/** @type {Listeners<import('fastify').FastifyReply>} */
const listeners = new Listeners()

const publish = (/** @type {string} */ channel, /** @type {unknown} */ data) => {
  for (const reply of listeners.of(channel)) void reply.sse.send({ data })
}

/** @type {import('node:http').Server | undefined} */
let server
const app = fastify({
  serverFactory: (handler) => {
    server = createServer(withPublish(publish, handler))
    return server
  },
})
// Its types are those of a CommonJS module, which say that the plugin is in a member `default`.
await app.register(/** @type {import('fastify').FastifyPluginAsync} */ (/** @type {unknown} */ (sse)))
app.get('/sse', { sse: 'only' }, async (request, reply) => {
  reply.sse.keepAlive()
  reply.sse.sendHeaders()
  reply.raw.flushHeaders()
  reply.sse.onClose(listeners.add(channelsIn(request.url), reply))
})
await app.ready()
if (server !== undefined) announce(server)
