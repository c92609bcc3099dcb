// @ts-check
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { Transmit } from '@boringnode/transmit'
import { announce } from './announce.js'
import { channelsIn, withPublish } from './publish.js'

const transmit = new Transmit({ pingInterval: false, transport: null })

announce(
  createServer(
    withPublish(
      (channel, data) =>
        transmit.broadcast(channel, /** @type {import('@boringnode/transmit/types').Broadcastable} */ (data)),
      async (request, response) => {
        const uid = randomUUID()
        transmit.createStream({ uid, context: {}, request, response, injectResponseHeaders: {} })
        // Its own client sends a request for each channel; here that is spared it.
        for (const channel of channelsIn(request.url)) await transmit.subscribe({ uid, channel, context: {} })
      },
    ),
  ),
)
