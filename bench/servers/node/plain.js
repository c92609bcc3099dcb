// @ts-check
import { createServer } from 'node:http'
import { announce } from './announce.js'
import { channelsIn, Listeners, withPublish } from './publish.js'

/** `node:http` and nothing else: a set of responses for each channel, and `res.write` to each. */

/** @type {Listeners<import('node:http').ServerResponse>} */
const listeners = new Listeners()

const publish = (/** @type {string} */ channel, /** @type {unknown} */ data) => {
  const frame = `data: ${JSON.stringify(data)}\n\n`
  for (const response of listeners.of(channel)) response.write(frame)
}

announce(
  createServer(
    withPublish(publish, (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
      response.flushHeaders()
      response.on('close', listeners.add(channelsIn(request.url), response))
    }),
  ),
)
