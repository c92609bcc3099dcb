// @ts-check
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { announce } from './announce.js'
import { channelsIn, Listeners, withPublish } from './publish.js'

/** @type {Listeners<import('hono/streaming').SSEStreamingApi>} */
const listeners = new Listeners()

const publish = (/** @type {string} */ channel, /** @type {unknown} */ data) => {
  const text = JSON.stringify(data)
  for (const stream of listeners.of(channel)) void stream.writeSSE({ data: text })
}

const app = new Hono()
app.get('/sse', (context) =>
  streamSSE(context, async (stream) => {
    const remove = listeners.add(channelsIn(context.req.url), stream)
    await new Promise((resolve) => stream.onAbort(() => resolve(undefined)))
    remove()
  }),
)
announce(createServer(withPublish(publish, getRequestListener(app.fetch))))
