// @ts-check
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { start } from '../harness/child.js'
import { temporaryDir } from '../harness/place.js'
import { startRedis } from '../harness/redis.js'

/** @typedef {import('./end.js').Order} Order */
/** @typedef {import('./end.js').Seen} Seen */
/** @typedef {{ order: (order: Order) => Promise<unknown> }} Side */

const file = fileURLToPath(new URL('end.js', import.meta.url))

/** As many as a listener has by default. */
const concurrency = 10

/** Run before anything is measured, so that what is measured is compiled. */
const idleWarmUp = 50
const busyWarmUp = 2_000

/** Jobs that wait when the worker begins, and the time between two jobs where there is next to nothing to do, in ms. */
const busyJobs = 10_000
const idleGap = 20

/**
 * @typedef {object} QueueRun
 * @property {number} [p50] from the dispatch to the start of the listener, in ms
 * @property {number} [p99]
 * @property {number} [max]
 * @property {number} [jobs] a second, by one worker
 * @property {number} [added] a second, by one process
 * @property {number} [cpuPerJob] of the worker, in microseconds
 */

/**
 * Jobs come one by one to a worker that has nothing to do.
 *
 * @param {string} way
 * @param {number} seconds
 * @returns {Promise<QueueRun>}
 */
export function measureIdle(way, seconds) {
  // One that looks every three seconds must be given time to.
  const count = Math.ceil((Math.max(seconds, way === 'polling' ? 12 : 0) * 1000) / idleGap)
  return withQueue(way, idleWarmUp, async (sender, openWorker) => {
    const worker = await openWorker()
    await sender.order({ type: 'pace', count: idleWarmUp + count, gap: idleGap })
    const { latency } = /** @type {Seen} */ (await worker.order({ type: 'await', count }))
    return latency === undefined ? {} : { p50: latency.p50, p99: latency.p99, max: latency.max }
  })
}

/**
 * Jobs wait, and one worker runs them as fast as it can.
 *
 * @param {string} way
 * @returns {Promise<QueueRun>}
 */
export function measureBusy(way) {
  return withQueue(way, busyWarmUp, async (sender, openWorker) => {
    const total = busyWarmUp + busyJobs
    // In memory they cannot wait for the worker: it is the same process, and runs them from the first one on.
    const filled = Number(await sender.order({ type: 'fill', count: total }))
    const worker = await openWorker()
    const { begun, ended, cpu } = /** @type {Seen} */ (await worker.order({ type: 'await', count: busyJobs }))
    return { jobs: (busyJobs * 1e6) / (ended - begun), added: (total * 1e6) / filled, cpuPerJob: cpu / busyJobs }
  })
}

/**
 * @template T
 * @param {string} way
 * @param {number} uncounted
 * @param {(sender: Side, openWorker: () => Promise<Side>) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withQueue(way, uncounted, use) {
  /** @type {(() => Promise<unknown>)[]} */
  const stops = []
  try {
    const dir = await temporaryDir()
    stops.push(() => rm(dir, { recursive: true, force: true }))
    const redis = await startRedis()
    stops.unshift(redis.stop)
    const isOne = way === 'memory'
    const open = async (/** @type {boolean} */ works) => {
      const child = await start(process.execPath, [file])
      stops.unshift(child.stop)
      const side = { order: (/** @type {Order} */ order) => ask(child, order) }
      await side.order({ type: 'open', way, dir, redis: redis.url, works, concurrency, uncounted })
      stops.unshift(() => side.order({ type: 'close' }))
      return side
    }
    const sender = await open(isOne)
    return await use(sender, async () => (isOne ? sender : await open(true)))
  } finally {
    for (const stop of stops) await stop()
  }
}

/** What an end of a queue may take for an order, in ms. */
const patience = 120_000

let asked = 0

/**
 * @param {import('../harness/child.js').Child} child
 * @param {Order} order
 * @returns {Promise<unknown>}
 */
function ask(child, order) {
  const id = asked++
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer)
      child.process.off('message', onMessage)
      child.process.off('exit', onExit)
    }
    const onMessage = (/** @type {any} */ message) => {
      if (message.id !== id) return
      settle()
      if (message.error === undefined) resolve(message.answer)
      else reject(new Error(message.error))
    }
    const onExit = () => {
      settle()
      reject(new Error(`It ended before it had done ${order.type}, and printed: ${child.output()}`))
    }
    const timer = setTimeout(() => {
      settle()
      reject(new Error(`It did not ${order.type} in ${patience} ms, and printed: ${child.output()}`))
    }, patience)
    child.process.on('message', onMessage)
    child.process.on('exit', onExit)
    child.process.send({ id, order })
  })
}
