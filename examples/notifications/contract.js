// @ts-check
// What can happen here, and who may hear of it.
import { defineChannel, defineEvent } from 'millrace'
import { z } from 'zod'
import { userOf } from './sessions.js'

export const user = z.string().regex(/^[a-z0-9-]{1,32}$/, 'a name is 1 to 32 of a-z, 0-9 and -')
const order = z.uuid()

export const OrderPlaced = defineEvent(
  'OrderPlaced',
  z.object({ order, user, item: z.enum(['Tea', 'Coffee', 'Cake']), quantity: z.int().min(1).max(99) }),
)

/** What a page shows. Everything it needs is in it: it comes from the log again when the page is opened anew. */
export const Notified = defineEvent('Notified', z.object({ order, text: z.string(), at: z.int() }))

/** Each has a channel of their own, and nobody else may read it. */
export const users = defineChannel('users.{user}', {
  events: [Notified],
  history: { count: 100, age: 7 * 24 * 3600 * 1000 },
  authorize: ({ params, request }) => userOf(request.header('cookie')) === params.user,
})
