// @ts-check
import { createServer } from 'node:http'
import { createChannel, createSession } from 'better-sse'
import { announce } from './announce.js'
import { channelsIn, withPublish } from './publish.js'

/** @type {Map<string, import('better-sse').Channel>} */
const channels = new Map()

const channelOf = (/** @type {string} */ name) => {
  const channel = channels.get(name) ?? createChannel()
  channels.set(name, channel)
  return channel
}

announce(
  createServer(
    withPublish(
      (channel, data) => channelOf(channel).broadcast(data),
      async (request, response) => {
        const session = await createSession(request, response)
        for (const name of channelsIn(request.url)) channelOf(name).register(session)
      },
    ),
  ),
)
