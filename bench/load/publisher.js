// @ts-check
import { Driver } from './driver.js'
import { answer, tell } from './tell.js'
import { openWay } from './ways.js'

/**
 * The driver, here or in the server.
 *
 * @typedef {object} Publisher
 * @property {(channels: readonly string[]) => Promise<void>} probe
 * @property {(plan: import('./driver.js').Plan) => void} begin
 * @property {(seq: number) => void} arrived
 * @property {() => Promise<ReturnType<Driver['end']>>} end
 * @property {() => void} close
 */

/**
 * @param {import('./main.js').LoadOptions} options
 * @param {{ layout: import('./layout.js').Layout, payload: import('./payload.js').Payload }} parts
 * @returns {Promise<Publisher>}
 */
export async function openPublisher(options, { layout, payload }) {
  if (options.way === undefined) return remote(options)
  const onError = (/** @type {unknown} */ error) => tell({ type: 'failed', reason: String(error) })
  const driver = new Driver({ way: await openWay(options.way), layout, payload, spins: true, onError })
  return {
    probe: async (channels) => driver.probe(channels),
    begin: (plan) => driver.begin(plan),
    arrived: (seq) => driver.arrived(seq),
    end: async () => driver.end(),
    close: () => driver.close(),
  }
}

/**
 * @param {import('./main.js').LoadOptions} options
 * @returns {Publisher} a driver in the server's process, reached through the one that has started both
 */
function remote({ layout, payload, urls }) {
  const order = (/** @type {string} */ order, /** @type {unknown} */ value = undefined) =>
    tell({ type: 'driver', order, value })
  order('open', { layout, payload, clients: urls.length })
  return {
    probe: async (channels) => order('probe', channels),
    begin: (plan) => order('begin', plan),
    arrived: (seq) => order('arrived', seq),
    end: async () => {
      order('end')
      return /** @type {ReturnType<Driver['end']>} */ ((await answer('driver')).answer)
    },
    close: () => order('close'),
  }
}
