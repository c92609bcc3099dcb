// @ts-check
import { fileURLToPath } from 'node:url'
import { channel, servers } from '../servers/servers.js'
import { firstLine, start } from './child.js'
import { startRedis } from './redis.js'
import { Meter, usageOf } from './system.js'

/** @typedef {import('../load/main.js').LoadOptions} LoadOptions */
/** @typedef {import('../load/main.js').LoadResult} LoadResult */

/**
 * @typedef {object} Settings
 * @property {number} clients
 * @property {number} bytes of a message
 * @property {number} rate messages a second, where they are paced
 * @property {number} window messages on their way, where they are not
 * @property {number} warmUp seconds
 * @property {number} seconds
 * @property {string | undefined} profile a folder for a CPU profile of the server
 */

/**
 * @typedef {LoadResult & {
 *   cpu: Record<string, number>,
 *   memory: { idle: import('./system.js').Usage, connected: import('./system.js').Usage, after: import('./system.js').Usage },
 * }} Measurement `cpu`: cores that were busy, by process; `memory`: of the server, in bytes
 */

/** What a case may take beyond its own time, in ms. */
const patience = 60_000

const loadFile = fileURLToPath(new URL('../load/main.js', import.meta.url))

/**
 * Starts all that a case needs, measures it once, and stops it.
 *
 * @param {import('../scenarios.js').Scenario} scenario
 * @param {import('../scenarios.js').Case} one
 * @param {Settings} settings
 * @returns {Promise<Measurement>}
 */
export async function measure({ kind }, { server: name, broker, way }, settings) {
  const { clients, bytes, rate, window, warmUp, seconds, profile } = settings
  /** @type {(() => Promise<void>)[]} */
  const stops = []
  try {
    const redis = broker === 'redis' ? await startRedis() : undefined
    if (redis !== undefined) stops.push(redis.stop)
    const { command, path } = servers[name]
    const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
    const server = await start(process.execPath, [...flags, ...command({ redis: redis?.url, bytes })])
    stops.unshift(server.stop)
    const url = await firstLine(server, 'url')
    const load = await start(process.execPath, [loadFile])
    stops.unshift(load.stop)

    /** @type {LoadOptions} */
    const options = {
      stream: new URL(path, url).href,
      clients,
      bytes,
      plan: kind === 'flood' ? { kind, window } : { kind, rate },
      way: toWay(way, url, redis?.port),
      warmUp,
      seconds,
    }
    const pids = { server: server.pid, redis: redis?.pid, load: load.pid }
    return await follow({ server, load, pids, options })
  } finally {
    for (const stop of stops) await stop()
  }
}

/**
 * @param {{ server: import('./child.js').Child, load: import('./child.js').Child, pids: Readonly<Record<string, number | undefined>>,
 *   options: LoadOptions }} running
 * @returns {Promise<Measurement>}
 */
function follow({ server, load, pids, options }) {
  return new Promise((resolve, reject) => {
    const idle = usageOf(server.pid)
    let connected = idle
    /** @type {Meter | undefined} */
    let meter
    /** @type {ReturnType<Meter['read']> | undefined} */
    let reading

    const limit = (options.warmUp + options.seconds) * 1000 + patience
    const timer = setTimeout(() => fail(`it took more than ${limit} ms`), limit)
    const fail = (/** @type {string} */ reason) => {
      clearTimeout(timer)
      reject(new Error(`${reason}${server.output() === '' ? '' : `\nThe server printed: ${server.output()}`}`))
    }

    load.process.on('message', (/** @type {import('../load/main.js').LoadMessage} */ message) => {
      if (message.type === 'driver') server.process.send({ order: message.order, value: message.value })
      else if (message.type === 'connected') connected = usageOf(server.pid)
      else if (message.type === 'begin') meter = new Meter(pids)
      else if (message.type === 'end') reading = meter?.read()
      else if (message.type === 'failed') fail(message.reason)
      else if (message.type === 'result' && reading !== undefined) {
        clearTimeout(timer)
        const { elapsed, cpu, usage } = reading
        const cores = Object.fromEntries(Object.entries(cpu).map(([name, time]) => [name, time / elapsed]))
        resolve({ ...message.result, cpu: cores, memory: { idle, connected, after: usage.server ?? idle } })
      }
    })
    server.process.on('message', (answer) => load.process.send(answer))
    for (const child of [server, load]) {
      child.process.once('exit', (code, signal) => fail(`${child.process.spawnargs[1]} ended with ${code ?? signal}`))
    }
    load.process.send(options)
  })
}

/**
 * @param {import('../scenarios.js').Case['way']} way
 * @param {string} url
 * @param {number | undefined} port
 * @returns {import('../load/ways.js').WayOptions | undefined}
 */
function toWay(way, url, port) {
  if (way === 'publish()') return undefined
  if (way === 'POST') return { kind: 'http', url, channel }
  if (port === undefined) throw new Error('PUBLISH needs Redis')
  return { kind: 'redis', port, channel }
}
