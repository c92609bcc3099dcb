// @ts-check
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Where everything is published, and what the readers subscribe to. */
export const channel = 'news'

/**
 * A server to be measured: how to start it, and where its stream is. It prints a line of JSON with its `url` once it listens.
 *
 * A new one needs an entry here, and a scenario that names it.
 *
 * @typedef {object} ServerKind
 * @property {(options: { redis: string | undefined, bytes: number }) => string[]} command the file and the arguments
 * @property {string} path of the stream
 * @property {string} [needs] a file without which it cannot be measured
 */

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url))
const commandLine = here('../../dist/cli/main.js')

/** @satisfies {Record<string, ServerKind>} */
const kinds = {
  /** A reader with a Redis connection of its own. */
  recipe: {
    command: ({ redis = '' }) => [here('recipe.js'), redis, channel],
    path: '/sse',
  },
  /** `createHub` and `sse(hub)` in an application. */
  embedded: {
    command: ({ redis = '', bytes }) => [here('embedded.js'), redis, String(bytes)],
    path: `/sse?channel=${channel}`,
  },
  /** `millrace serve`. */
  serve: {
    command: ({ redis }) => [
      ...[commandLine, 'serve', '--dev', '--json', '--host', '127.0.0.1', '--port', '0'],
      ...(redis === undefined ? [] : ['--redis', redis, '--relay', channel]),
    ],
    path: `/sse?channel=${channel}`,
    needs: commandLine,
  },
}

/** @typedef {keyof typeof kinds} ServerName */

/** @type {Readonly<Record<ServerName, ServerKind>>} */
export const servers = kinds

/** @param {ServerName} name */
export function isAvailable(name) {
  const { needs } = servers[name]
  return needs === undefined || existsSync(needs)
}
