// @ts-check
import { now, sleep } from './clock.js'
import { Driver } from './driver.js'
import { Histogram } from './histogram.js'
import { toEnding, toFiller } from './message.js'
import { Reader } from './reader.js'
import { openWay } from './ways.js'

/**
 * What the load does: `clients` readers of `stream`, and, unless the server publishes by itself, a publisher.
 *
 * @typedef {object} LoadOptions
 * @property {string} stream
 * @property {number} clients
 * @property {number} bytes
 * @property {import('./driver.js').Plan} plan
 * @property {import('./ways.js').WayOptions | undefined} way undefined where the server publishes
 * @property {number} warmUp seconds
 * @property {number} seconds
 */

/**
 * What the load has seen.
 *
 * @typedef {object} LoadResult
 * @property {number} seconds how long was measured
 * @property {number} deliveries in that time
 * @property {number} published in all, and so how many each reader must have had
 * @property {ReturnType<Histogram['summary']>} latency of the messages that were meant for that time, in ms
 * @property {ReturnType<Histogram['summary']>} lag of the publisher behind its own plan, in ms
 * @property {number} faults
 * @property {string[]} examples
 */

/**
 * The driver, here or in the server.
 *
 * @typedef {object} Remote
 * @property {() => void} probe
 * @property {(plan: import('./driver.js').Plan) => void} begin
 * @property {(seq: number) => void} arrived
 * @property {() => Promise<ReturnType<Driver['end']>>} end
 */

/**
 * What the load says.
 *
 * @typedef {{ type: 'connected' | 'begin' | 'end' } | { type: 'driver', order: string, value: unknown }
 *   | { type: 'result', result: LoadResult } | { type: 'failed', reason: string }} LoadMessage
 */

/** How long readers may take to connect, and to get what is on its way at the end, in ms. */
const patience = 15_000

process.on('disconnect', () => process.exit())
process.once('message', (options) => {
  run(/** @type {LoadOptions} */ (options)).then(
    (result) => tell({ type: 'result', result }),
    (error) => tell({ type: 'failed', reason: error instanceof Error ? error.message : String(error) }),
  )
})

/** @param {LoadMessage} message */
function tell(message) {
  process.send?.(message)
}

/**
 * @param {LoadOptions} options
 * @returns {Promise<LoadResult>}
 */
async function run({ stream, clients, bytes, plan, way, warmUp, seconds }) {
  const latency = new Histogram()
  let deliveries = 0
  let [from, to] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  let isTurn = false
  let arrived = 0

  /** @type {Reader[]} */
  const readers = []
  const driver = way === undefined ? remote() : await local(way, bytes)
  const shared = {
    ending: toEnding(toFiller(bytes)),
    onMessage: (/** @type {number} */ _seq, /** @type {number} */ at, /** @type {number} */ when) => {
      if (when >= from && when < to) deliveries++
      // By when it was meant to leave: one that came too late for the time that is measured is a slow one, and counts.
      if (at >= from && at < to) latency.record(when - at)
    },
    onTurn: () => {
      if (isTurn) return
      isTurn = true
      setImmediate(() => {
        isTurn = false
        const least = readers.reduce((low, { seq }) => (seq < low ? seq : low), Number.POSITIVE_INFINITY)
        if (least > arrived) {
          arrived = least
          driver.arrived(least)
        }
      })
    },
  }
  for (let count = 0; count < clients; count++) readers.push(new Reader(stream, shared))

  // Some servers say nothing before the first message, so this is how to know that all are connected.
  await waitFor(readers, 'get a first message', ({ isReady }) => isReady, driver.probe)
  tell({ type: 'connected' })
  // What is measured while nothing happens is measured now.
  await sleep(200)
  driver.begin(plan)
  await sleep(warmUp * 1000)
  tell({ type: 'begin' })
  from = now()
  await sleep(seconds * 1000)
  to = now()
  tell({ type: 'end' })
  const { published, lag } = await driver.end()
  await waitFor(readers, `get message ${published}`, ({ seq }) => seq >= published)
  // A message too many would come now.
  await sleep(100)
  for (const reader of readers) reader.close()
  return {
    seconds: (to - from) / 1e6,
    deliveries,
    published,
    // Where a publisher goes as fast as messages arrive, how long they take says only how large its window is.
    latency: plan.kind === 'pace' ? latency.summary() : undefined,
    lag,
    faults: readers.reduce((sum, { faultCount }) => sum + faultCount, 0),
    examples: readers.flatMap(({ faults }) => faults).slice(0, 3),
  }
}

/**
 * @param {readonly Reader[]} readers
 * @param {string} what
 * @param {(reader: Reader) => boolean} isDone
 * @param {() => void} [ask]
 */
async function waitFor(readers, what, isDone, ask) {
  for (const end = now() + patience * 1000; !readers.every(isDone); await sleep(20)) {
    const fault = readers.find(({ faultCount }) => faultCount > 0)?.faults[0]
    if (fault !== undefined || now() > end) {
      const missing = readers.filter((reader) => !isDone(reader))
      const lowest = Math.min(...missing.map(({ seq }) => seq))
      throw new Error(
        `${missing.length} of ${readers.length} readers did not ${what}; the last of them is at ${lowest}. ${fault ?? ''}`,
      )
    }
    ask?.()
  }
}

/**
 * @param {import('./ways.js').WayOptions} options
 * @param {number} bytes
 * @returns {Promise<Remote>}
 */
async function local(options, bytes) {
  const onError = (/** @type {unknown} */ error) => tell({ type: 'failed', reason: String(error) })
  const driver = new Driver(await openWay(options), { bytes, spins: true, onError })
  return {
    probe: () => driver.probe(),
    begin: (plan) => driver.begin(plan),
    arrived: (seq) => driver.arrived(seq),
    end: async () => driver.end(),
  }
}

/** @returns {Remote} a driver in the server's process, reached through the one that has started both */
function remote() {
  const order = (/** @type {string} */ order, /** @type {unknown} */ value = undefined) =>
    tell({ type: 'driver', order, value })
  return {
    probe: () => order('probe'),
    begin: (plan) => order('begin', plan),
    arrived: (seq) => order('arrived', seq),
    end: () =>
      new Promise((resolve) => {
        process.once('message', (answer) => resolve(/** @type {ReturnType<Driver['end']>} */ (answer)))
        order('end')
      }),
  }
}
