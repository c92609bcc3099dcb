// @ts-check
import { createServer } from 'node:http'
import { createHub, defineChannel, memory } from 'millrace'
import { publish, sse } from 'millrace/node'
import { redis } from 'millrace/redis'
import { announce } from './announce.js'
import { onOrders } from './orders.js'

/** Millrace in an application of its own, which also publishes, on order of whoever has started it. */

const [redisUrl] = process.argv.slice(2)
const channels = ['news', 'shared', 'rooms.{room}', 'users.{user}'].map((pattern) => defineChannel(pattern))
const hub = createHub({ channels, broker: redisUrl ? redis(redisUrl, { relay: ['news'] }) : memory() })

const stream = sse(hub)
const entry = publish(hub)
announce(createServer((request, response) => (request.method === 'POST' ? entry : stream)(request, response)))
onOrders((channel, json) => hub.publish(channel, json))
