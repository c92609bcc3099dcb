// @ts-check
import { setTimeout as delay } from 'node:timers/promises'
import { now } from '../load/clock.js'
import { Histogram } from '../load/histogram.js'
import { ways } from './ways.js'

/**
 * What one end of a queue is told to do. `await` is answered when so many jobs have run after those that are not counted.
 *
 * @typedef {{ type: 'open', way: string, dir: string, redis: string, works: boolean, concurrency: number, uncounted: number }
 *   | { type: 'pace', count: number, gap: number }
 *   | { type: 'fill', count: number }
 *   | { type: 'await', count: number }
 *   | { type: 'close' }} Order
 *
 * @typedef {object} Seen
 * @property {number} begun when the first one that is counted began, in microseconds
 * @property {number} ended when the last one did
 * @property {number} cpu that this process has used meanwhile, in microseconds
 * @property {import('../load/main.js').Summary | undefined} latency
 */

/** How many jobs are handed over together where a queue is filled. */
const together = 500

/** @type {import('./ways.js').End | undefined} */
let end
let runs = 0
/** So many are not counted. */
let before = 0
let begun = 0
let ended = 0
let usage = process.cpuUsage()
let latency = new Histogram()
/** @type {(() => void) | undefined} */
let onRun

const run = (/** @type {import('./ways.js').JobData} */ { sent }) => {
  const at = now()
  if (runs === before) {
    begun = at
    usage = process.cpuUsage()
    latency = new Histogram()
  }
  ended = at
  runs++
  latency.record(at - sent)
  onRun?.()
}

/**
 * @param {Order} order
 * @returns {Promise<unknown>}
 */
async function follow(order) {
  if (order.type === 'open') {
    const { way, dir, redis, works, concurrency } = order
    before = order.uncounted
    end = ways[way]?.({ dir, redis, concurrency, run: works ? run : undefined })
  } else if (order.type === 'pace') {
    for (let count = 0; count < order.count; count++) {
      // Around the gap, so that nothing goes on in step with it.
      await delay(order.gap * (0.5 + Math.random()))
      await end?.add({ sent: now() })
    }
  } else if (order.type === 'fill') {
    const at = now()
    for (let count = 0; count < order.count; count += together) {
      const size = Math.min(together, order.count - count)
      await Promise.all(Array.from({ length: size }, () => end?.add({ sent: now() })))
    }
    return now() - at
  } else if (order.type === 'await') {
    await new Promise((resolve) => {
      onRun = () => runs >= before + order.count && resolve(undefined)
      onRun()
    })
    const { user, system } = process.cpuUsage(usage)
    return { begun, ended, cpu: user + system, latency: latency.summary() }
  } else {
    await end?.close()
  }
  return undefined
}

process.on('disconnect', () => process.exit())
process.on('message', (/** @type {{ id: number, order: Order }} */ { id, order }) => {
  follow(order).then(
    (answer) => process.send?.({ id, answer }),
    (error) => process.send?.({ id, error: error instanceof Error ? error.message : String(error) }),
  )
})
