// Run by a test: an order is placed, a queued listener runs, and what that publishes goes through Redis.
//
//     node shop.js REDIS_URL ORDER

import { trace } from '@opentelemetry/api'
import { createEvents, createHub, defineChannel, defineEvent } from 'millrace'
import { redis } from 'millrace/redis'

const [url, order] = process.argv.slice(2)

const OrderPlaced = defineEvent('OrderPlaced')
const users = defineChannel('users.{user}')
const hub = createHub({ channels: [users], broker: redis(url) })
const events = createEvents()
const tracer = trace.getTracer('shop')

events.listen(
  OrderPlaced,
  async ({ data }) => {
    await tracer.startActiveSpan('send mail', async (span) => span.end())
    await hub.publish(users({ user: '7' }), { order: data.order })
  },
  { id: 'tell-customer', queue: { name: 'mails' } },
)

await tracer.startActiveSpan('POST /orders', async (span) => {
  await events.dispatch(OrderPlaced({ order }))
  span.end()
})
await events.close()
await hub.close()
