// @ts-check
import { Driver } from '../../load/driver.js'
import { toLayout } from '../../load/layout.js'
import { Payload } from '../../load/payload.js'

/** @typedef {{ layout: import('../../load/layout.js').LayoutOptions, payload: import('../../load/payload.js').PayloadOptions, clients: number }} Opening */
/** @typedef {{ order: 'open', value: Opening } | { order: 'probe' | 'begin' | 'arrived' | 'end' | 'close', value: never }} Order */

/**
 * Publishes in this process, on order of whoever has started it.
 *
 * @param {(channel: string, json: string) => Promise<unknown>} publish
 */
export function onOrders(publish) {
  /** @type {Driver | undefined} */
  let driver
  process.on('message', (/** @type {Order} */ { order, value }) => {
    if (order === 'open') {
      driver = new Driver({
        way: {
          batch: 1,
          calls: 500,
          publish: (messages) => Promise.all(messages.map(({ channel, json }) => publish(channel, json))),
          close: () => undefined,
        },
        layout: toLayout(value.layout, value.clients),
        payload: new Payload(value.payload),
        spins: false,
        onError: (error) => {
          console.error(error)
          process.exit(1)
        },
      })
    } else if (order === 'end') process.send?.(driver?.end())
    else driver?.[order](value)
  })
}
