// A process that relays, on what was built, and dies in the middle of it: `{ at, when }` of its argument say before or after which
// statement to PostgreSQL or append to the broker, counted from 1. Without them it goes on until it is killed. With `queue`, a directory, it
// has a queued listener as well.

import { Pool } from 'pg'
import { diskQueue } from '../../../../dist/disk.js'
import { createEvents, createHub, defineChannel, defineEvent } from '../../../../dist/index.js'
import { relayOutbox } from '../../../../dist/postgres.js'
import { redis } from '../../../../dist/redis.js'

const { postgres, broker, table, channel, batch, queue, at, when } = JSON.parse(process.argv[2])

let count = 0
async function step(work) {
  const isLast = ++count === at
  if (isLast && when === 'before') process.kill(process.pid, 'SIGKILL')
  const result = await work()
  if (isLast && when === 'after') process.kill(process.pid, 'SIGKILL')
  return result
}

const counted = new Proxy(redis(broker), {
  get(target, name) {
    if (name === 'append') return (message) => step(() => target.append(message))
    const value = target[name]
    return typeof value === 'function' ? value.bind(target) : value
  },
})
const hub = createHub({ channels: [defineChannel('orders.{table}')], broker: counted })

const Placed = defineEvent('Placed')
const events = queue === undefined ? createEvents() : createEvents({ queue: diskQueue(queue) })
// The second message of each is the same for all: what tells them apart is the event that they are published for.
events.listen(Placed, async ({ data }) => {
  await hub.publish(channel, data.key)
  await hub.publish(channel, 'next')
})

if (queue !== undefined) {
  // As often as it takes: each death of a process counts as a run.
  const options = { id: 'later', queue: { attempts: 1_000, backoff: 10 } }
  events.listen(Placed, ({ data }) => hub.publish(`${channel}-later`, data.key), options)
}

const pool = new Pool({ connectionString: postgres })
const connect = pool.connect.bind(pool)
pool.connect = async () => {
  const client = await connect()
  const query = client.query.bind(client)
  client.query = async (text, values) => {
    const result = await step(() => query(text, values))
    // By which the test finds the connection of this process, whatever the relay has called it.
    if (text.includes('set_config')) await query(`SET application_name = 'relay ${process.pid}'`)
    return result
  }
  return client
}
function onError(error) {
  // That its connection is cut is the test's doing.
  if (error.code !== 'outbox_unavailable') console.error(error)
}
relayOutbox({ pool, events, table, batch, onError })
