// @ts-check
import { startNode } from './node-server.js'

/**
 * A small application around a library for Node, in `node/`. None of them keeps what was published, so none can be asked to lose
 * nothing.
 *
 * @param {string} file
 * @param {string} [library]
 * @returns {import('./servers.js').Server}
 */
const around = (file, library) => ({
  missing: () => (library === undefined || isInstalled(library) ? undefined : 'not installed: npm ci'),
  start: (options) => startNode(`node/${file}`, [options.redis ?? ''], options),
  path: (channels) => `/sse?channel=${channels.join(',')}`,
  way: 'millrace',
  exact: false,
  cannot: { resume: 'keeps nothing, so nobody can come back to it' },
})

/** @param {string} library */
function isInstalled(library) {
  try {
    return import.meta.resolve(library) !== ''
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

export const plain = around('plain.js')
export const betterSse = around('better-sse.js', 'better-sse')
export const transmit = around('transmit.js', '@boringnode/transmit')
export const fastifySse = around('fastify-sse.js', '@fastify/sse')
export const hono = around('hono.js', '@hono/node-server')
export const recipe = around('recipe.js')
