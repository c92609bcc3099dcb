// @ts-check
// Run them with `node --test examples/notifications/test/*.js`. They need no server, no queue on disk, and no waiting.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeEvents, testHub } from 'millrace/testing'
import { Notified, OrderPlaced, users } from '../contract.js'
import { listen } from '../listeners.js'
import { openSession } from '../sessions.js'

const order = '0b9b5b0e-6e0f-4c5e-9d0a-2f5b7c1d3e4f'

function shop() {
  const events = fakeEvents()
  const hub = testHub({ channels: [users] })
  /** @type {import('../mailer.js').Mail[]} */
  const mails = []
  const mailer = {
    fails: 0,
    send: async (/** @type {import('../mailer.js').Mail} */ mail) => {
      if (mailer.fails-- > 0) throw new Error('The mail server is away')
      mails.push(mail)
    },
  }
  listen(events, hub, mailer)
  const page = (/** @type {string} */ user, as = user) =>
    hub.connect(users({ user }), { headers: { cookie: `session=${openSession(as)}` } })
  return { events, hub, mails, mailer, page }
}

const placed = () => OrderPlaced({ order, user: 'ada', item: 'Tea', quantity: 2 })

test('an order is confirmed by mail and on the page, by the queue', async () => {
  const { events, mails, page } = shop()
  const client = await page('ada')
  await events.dispatch(placed())
  assert.equal(mails.length, 0)

  await events.runJobs()

  assert.equal(mails[0]?.to, 'ada@example.com')
  client.assertReceived(Notified, { order, text: '2 × Tea is on its way. A mail has gone out.' })
})

test('a page that is opened later has it too', async () => {
  const { events, hub, page } = shop()
  const start = await hub.head()
  await events.dispatch(placed())
  await events.runJobs()

  const client = await hub.connect(users({ user: 'ada' }), {
    lastEventId: start,
    headers: { cookie: `session=${openSession('ada')}` },
  })

  client.assertReceived(Notified, { order })
  assert.deepEqual((await page('ada')).messages, [])
})

test('nobody reads what is for somebody else', async () => {
  const { hub, page } = shop()
  await assert.rejects(page('ada', 'eve'), { code: 'channel_forbidden' })
  await assert.rejects(hub.connect('users.ada'), { code: 'channel_forbidden' })
})

test('nothing is told before the mail has gone out, and a mail server that is away is tried again', async () => {
  const { events, hub, mails, mailer } = shop()
  mailer.fails = 1
  await events.dispatch(placed())

  await events.runJobs({ mayFail: true })
  hub.assertNotPublished('users.ada')

  await events.runJobs({ within: 500 })
  assert.equal(mails.length, 1)
  hub.assertPublished('users.ada', Notified, { order })
})

test('an order that cannot be confirmed is left to people', async () => {
  const { events, hub, mailer } = shop()
  mailer.fails = Number.POSITIVE_INFINITY
  await events.dispatch(placed())

  await events.runJobs({ within: 60_000, mayFail: true })

  const [failed] = await events.failed.list()
  assert.equal(failed?.attempts, 3)
  assert.equal(failed.error.message, 'The mail server is away')
  hub.assertNotPublished('users.ada')
})
