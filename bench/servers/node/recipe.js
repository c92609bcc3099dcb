// @ts-check
import { createServer } from 'node:http'
import { createClient } from 'redis'
import { announce } from './announce.js'

/**
 * The recipe, as it is usually written for Node: each reader has a Redis connection of its own, and what comes on it is written
 * to him. No ids, no heartbeat, no bound on what waits for a slow reader: it is here to be measured, not to be used.
 */

const [redisUrl, channel = 'news'] = process.argv.slice(2)
if (redisUrl === undefined) throw new Error('usage: recipe.js REDIS_URL [CHANNEL]')

const server = createServer(async (request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  const subscriber = createClient({ url: redisUrl })
  subscriber.on('error', (error) => console.error(error))
  request.on('close', () => subscriber.destroy())
  await subscriber.connect()
  await subscriber.subscribe(channel, (message) => {
    response.write(`data: ${message}\n\n`)
  })
})

announce(server)
