// @ts-check
import { startNode } from './node-server.js'

/** The usual few lines with a Redis connection for each reader. */
/** @type {import('./servers.js').Server} */
export const recipe = {
  missing: () => undefined,
  start: (options) => startNode('node/recipe.js', [options.redis ?? ''], options),
  path: () => '/sse',
  way: 'millrace',
  exact: false,
}
