// @ts-check
import { Notified, OrderPlaced, users } from './contract.js'

/**
 * Registers who listens. A function, so that tests register the same on events of theirs.
 *
 * @param {import('millrace').Events} events
 * @param {import('millrace').Hub} hub
 * @param {import('./mailer.js').Mailer} mailer
 */
export function listen(events, hub, mailer) {
  events.listen(
    OrderPlaced,
    async ({ id, data: { order, user, item, quantity } }) => {
      const text = `${quantity} × ${item} is on its way.`
      await mailer.send({ id, to: `${user}@example.com`, subject: 'Your order', text })
      // When this is run again, it is the same message: its id follows from the job and from what is in it.
      await hub.publish(users({ user }), Notified({ order, text: `${text} A mail has gone out.`, at: Date.now() }))
    },
    { id: 'confirm-order', queue: { attempts: 3, backoff: [500, 2_000] } },
  )
}
