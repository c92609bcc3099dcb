// @ts-check
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startNode } from './node-server.js'

/** @typedef {import('./servers.js').Server} Server */

const commandLine = '../../dist/cli/main.js'

const path = (/** @type {readonly string[]} */ channels) => `/sse?channel=${channels.join(',')}`
const missing = () =>
  existsSync(fileURLToPath(new URL(commandLine, import.meta.url))) ? undefined : 'not built: npm run build'

/** `millrace serve --dev`. */
/** @type {Server} */
export const serve = {
  missing,
  start: (options) => {
    const { redis } = options
    const broker = redis === undefined ? [] : ['--redis', redis, '--relay', 'news']
    return startNode(
      commandLine,
      ['serve', '--dev', '--json', '--host', '127.0.0.1', '--port', '0', ...broker],
      options,
    )
  },
  path,
  way: 'millrace',
  exact: true,
}

/** `createHub` and `sse(hub)` in an application. */
/** @type {Server} */
export const embedded = {
  missing,
  start: (options) => startNode('node/embedded.js', [options.redis ?? ''], options),
  path,
  way: 'millrace',
  exact: true,
}
