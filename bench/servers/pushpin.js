// @ts-check
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { start, until } from '../harness/child.js'
import { freePort, listens, temporaryDir } from '../harness/place.js'
import { startNode } from './node-server.js'

/** As the packages of Debian install them. */
const files = {
  config: '/usr/share/pushpin/pushpin.conf.condure',
  internal: '/usr/lib/pushpin/internal.conf',
  zurl: '/etc/zurl.conf',
}

/**
 * Pushpin as Debian has it, before an application in Node. The application, and the program through which Pushpin asks it, have to do
 * once for each reader, and are not counted.
 */
/** @type {import('./servers.js').Server} */
export const pushpin = {
  missing: () => (Object.values(files).every(existsSync) ? undefined : 'not installed: apt-get install pushpin'),
  start: async (options) => {
    /** @type {(() => Promise<void>)[]} */
    const stops = []
    const stop = async () => {
      for (const one of stops) await one()
    }
    try {
      const dir = await temporaryDir()
      stops.unshift(() => rm(dir, { recursive: true, force: true }))
      const origin = await startNode('node/grip-origin.js', [], options)
      stops.unshift(origin.stop)
      const [port, controlPort] = [await freePort(), await freePort()]
      await writeConfigs({ dir, port, controlPort, origin: new URL(origin.url).host })
      const zurl = await start('zurl', [`--config=${join(dir, 'zurl.conf')}`])
      stops.unshift(zurl.stop)
      const child = await start('pushpin', [`--config=${join(dir, 'pushpin.conf')}`], { dir })
      stops.unshift(child.stop)
      for (const each of [port, controlPort]) await until(child, 'listen', () => listens(each))
      return { url: `http://127.0.0.1:${port}`, publishUrl: `http://127.0.0.1:${controlPort}`, child, stop }
    } catch (error) {
      await stop()
      throw error
    }
  },
  path: (channels) => `/sse?channel=${channels.join(',')}`,
  way: 'pushpin',
  exact: false,
  cannot: { resume: 'keeps nothing by itself: it asks the application what was missed' },
}

/**
 * The stock configurations with places of their own, without the limits of 2,500 messages a second (0 is none; a high one holds messages back) and 2,000 requests, and with leave
 * to ask an application on the loopback.
 *
 * @param {{ dir: string, port: number, controlPort: number, origin: string }} places
 */
async function writeConfigs({ dir, port, controlPort, origin }) {
  const write = async (
    /** @type {string} */ name,
    /** @type {string} */ from,
    /** @type {Record<string, string>} */ own,
  ) => {
    const text = (await readFile(from, 'utf8')).replace(/^(\w+)=.*$/gm, (line, key) =>
      own[key] === undefined ? line : `${key}=${own[key]}`,
    )
    await writeFile(join(dir, name), text)
  }
  const zurl = { in: `ipc://${dir}/zurl-in`, stream: `ipc://${dir}/zurl-in-stream`, out: `ipc://${dir}/zurl-out` }
  await mkdir(join(dir, 'log'))
  await writeFile(join(dir, 'routes'), `* ${origin}\n`)
  await write('zurl.conf', files.zurl, {
    in_spec: zurl.in,
    in_stream_spec: zurl.stream,
    out_spec: zurl.out,
    in_req_spec: '',
    deny: '',
    max_open_requests: '19000',
  })
  await write('internal.conf', files.internal, {
    zurl_out_specs: zurl.in,
    zurl_out_stream_specs: zurl.stream,
    zurl_in_specs: zurl.out,
  })
  await write('pushpin.conf', files.config, {
    include: join(dir, 'internal.conf'),
    rundir: dir,
    logdir: join(dir, 'log'),
    log_level: '0',
    http_port: `127.0.0.1:${port}`,
    client_maxconn: '19000',
    push_in_spec: `ipc://${dir}/push-in`,
    push_in_sub_specs: `ipc://${dir}/push-in-sub`,
    push_in_http_port: String(controlPort),
    command_spec: `ipc://${dir}/command`,
    message_rate: '0',
    message_hwm: '1000000',
  })
}
