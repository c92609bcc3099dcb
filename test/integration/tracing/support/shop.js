// Run by a test: an order is placed in one process, its queued listener runs in another, and what that publishes goes to the hubs of
// others still. All of it goes through one Redis.
//
//     node shop.js place REDIS_URL ORDER   dispatches, and ends
//     node shop.js work REDIS_URL          runs the listener, until it is stopped

import { trace } from '@opentelemetry/api'
import { createEvents, createHub, defineChannel, defineEvent } from 'millrace'
import { bullmq } from 'millrace/bullmq'
import { redis } from 'millrace/redis'

const [what, url, order] = process.argv.slice(2)

const OrderPlaced = defineEvent('OrderPlaced')
const users = defineChannel('users.{user}')
const hub = createHub({ channels: [users], broker: redis(url) })
const events = createEvents({ queue: bullmq(url), work: what === 'work' })
const tracer = trace.getTracer('shop')

events.listen(
  OrderPlaced,
  async ({ data }) => {
    await tracer.startActiveSpan('send mail', async (span) => span.end())
    await hub.publish(users({ user: '7' }), { order: data.order })
  },
  { id: 'tell-customer', queue: { name: 'mails' } },
)

if (what === 'place') {
  await tracer.startActiveSpan('POST /orders', async (span) => {
    await events.dispatch(OrderPlaced({ order }))
    span.end()
  })
  await events.close()
  await hub.close()
}
