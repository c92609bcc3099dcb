// @ts-check
import { fileURLToPath } from 'node:url'
import { toLayout } from '../load/layout.js'
import { servers } from '../servers/servers.js'
import { start } from './child.js'
import { startRedis } from './redis.js'
import { readSystem } from './system.js'

/** @typedef {import('../load/main.js').LoadOptions} LoadOptions */
/** @typedef {import('../load/main.js').LoadResult} LoadResult */
/** @typedef {import('./system.js').Reading} Reading */

/**
 * @typedef {object} Settings
 * @property {number | undefined} clients in place of the scenario's own, and so are `rate` and `bytes`
 * @property {number | undefined} rate
 * @property {number | undefined} bytes
 * @property {number} warmUp seconds
 * @property {number} seconds
 * @property {string | undefined} profile a folder for a CPU profile of the server
 */

/**
 * @typedef {LoadResult & {
 *   clients: number,
 *   cpu: Record<string, number>,
 *   memory: Record<string, number>,
 * }} Measurement `cpu`: cores that were busy while it was measured, by process; `memory`: of the server, in bytes (PSS), by moment
 */

/** What a case may take beyond its own time, in ms. */
const patience = 150_000

const loadFile = fileURLToPath(new URL('../load/main.js', import.meta.url))

/**
 * Starts all that a case needs, measures it once, and stops it.
 *
 * @param {import('../scenarios.js').Scenario} scenario
 * @param {import('../scenarios.js').Case} one
 * @param {Settings} settings
 * @returns {Promise<Measurement>}
 */
export async function measure(scenario, { server: name, broker, way, accept }, settings) {
  const { warmUp, seconds, profile } = settings
  const clients = settings.clients ?? scenario.clients
  const { path, start: startServer, exact, way: ownWay } = servers[name]
  /** @type {(() => Promise<void>)[]} */
  const stops = []
  try {
    const redis = broker === 'redis' ? await startRedis() : undefined
    if (redis !== undefined) stops.push(redis.stop)
    const nodeFlags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
    const server = await startServer({ redis: redis?.url, nodeFlags })
    stops.unshift(server.stop)
    const load = await start(process.execPath, ['--max-semi-space-size=64', loadFile])
    stops.unshift(load.stop)

    const layout = toLayout(scenario.layout, clients)
    const readers = Array.from({ length: clients }, (_, index) => index)
    /** @type {LoadOptions} */
    const options = {
      plan: withRate(scenario.plan, settings.rate),
      urls: readers.map((reader) => new URL(path(layout.channelsOf(reader)), server.url).href),
      headers: accept === undefined ? {} : { 'Accept-Encoding': accept },
      layout: scenario.layout,
      payload: { ...scenario.payload, bytes: settings.bytes ?? scenario.payload.bytes },
      way: toWay(way, ownWay, server.publishUrl ?? server.url, redis?.port),
      exact,
      warmUp,
      seconds,
    }
    const pids = { server: server.child.pid, redis: redis?.pid, load: load.pid }
    return { clients, ...(await follow({ server: server.child, load, pids, options })) }
  } finally {
    for (const stop of stops) await stop()
  }
}

/**
 * @param {{ server: import('./child.js').Child, load: import('./child.js').Child, pids: Readonly<Record<string, number | undefined>>,
 *   options: LoadOptions }} running
 * @returns {Promise<Omit<Measurement, 'clients'>>}
 */
function follow({ server, load, pids, options }) {
  return new Promise((resolve, reject) => {
    /** @type {Map<string, Reading>} */
    const readings = new Map()
    const limit = (options.warmUp + options.seconds) * 1000 + patience
    const timer = setTimeout(() => fail(`it took more than ${limit} ms`), limit)
    const fail = (/** @type {string} */ reason) => {
      clearTimeout(timer)
      reject(new Error(`${reason}${server.output() === '' ? '' : `\nThe server printed: ${server.output()}`}`))
    }
    const tell = (/** @type {import('../load/main.js').ToLoad} */ message) => load.process.send(message)

    load.process.on('message', (/** @type {import('../load/main.js').FromLoad} */ message) => {
      if (message.type === 'driver') server.process.send({ order: message.order, value: message.value })
      else if (message.type === 'failed') fail(message.reason)
      else if (message.type === 'mark') {
        readings.set(message.name, readSystem(pids))
        tell({ type: 'marked' })
      } else {
        clearTimeout(timer)
        resolve({ ...message.result, ...toUsage(readings) })
      }
    })
    server.process.on('message', (answer) => tell({ type: 'driver', answer }))
    for (const child of [server, load]) {
      child.process.once('exit', (code, signal) =>
        fail(`${child.process.spawnargs.join(' ')} ended with ${code ?? signal}`),
      )
    }
    tell({ type: 'run', options })
  })
}

/** @param {ReadonlyMap<string, Reading>} readings */
function toUsage(readings) {
  const [begin, end] = [readings.get('begin'), readings.get('end')]
  /** @type {Record<string, number>} */
  const cpu = {}
  if (begin !== undefined && end !== undefined) {
    const elapsed = end.time - begin.time
    let ours = 0
    for (const [name, { cpu: after }] of Object.entries(end.usage)) {
      const spent = after - (begin.usage[name]?.cpu ?? 0)
      cpu[name] = spent / elapsed
      ours += spent
    }
    cpu.others = Math.max(0, end.busy - begin.busy - ours) / elapsed
  }
  const memory = Object.fromEntries([...readings].map(([name, { usage }]) => [name, usage.server?.pss ?? 0]))
  return { cpu, memory }
}

/**
 * @param {import('../load/main.js').Plan} plan
 * @param {number | undefined} rate
 */
function withRate(plan, rate) {
  return plan.kind === 'pace' && rate !== undefined ? { ...plan, rate } : plan
}

/**
 * @param {import('../scenarios.js').Case['way']} way
 * @param {import('../load/ways.js').HttpWay} own
 * @param {string} url
 * @param {number | undefined} port
 * @returns {import('../load/ways.js').WayOptions | undefined}
 */
function toWay(way, own, url, port) {
  if (way === 'publish()') return undefined
  if (way === 'POST each') return { kind: 'millrace-each', url }
  if (way === undefined) return { kind: own, url }
  if (port === undefined) throw new Error('PUBLISH needs Redis')
  return { kind: 'redis', port }
}
