// @ts-check
import { createServer } from 'node:http'
import { createHub, defineChannel, memory } from 'millrace'
import { publish, sse } from 'millrace/node'
import { redis } from 'millrace/redis'
import { Driver } from '../load/driver.js'
import { announce } from './announce.js'

/** Millrace in an application of its own, which also publishes, on order of whoever has started it. */

const [redisUrl, bytes = '200'] = process.argv.slice(2)
const news = defineChannel('news')
const hub = createHub({ channels: [news], broker: redisUrl ? redis(redisUrl, { relay: [news()] }) : memory() })

const stream = sse(hub)
const entry = publish(hub)
announce(createServer((request, response) => (request.method === 'POST' ? entry : stream)(request, response)))

const driver = new Driver(
  { batch: 1, calls: 500, publish: (messages) => Promise.all(messages.map((message) => hub.publish(news(), message))) },
  {
    bytes: Number(bytes),
    spins: false,
    onError: (error) => {
      console.error(error)
      process.exit(1)
    },
  },
)

process.on('message', (message) => {
  const { order, value } = /** @type {{ order: 'probe' | 'begin' | 'arrived' | 'end', value: never }} */ (message)
  if (order === 'end') process.send?.(driver.end())
  else driver[order](value)
})
