// @ts-check

/**
 * What is measured: a load, and the servers that carry it. In each scenario the first case is what the others are compared with.
 *
 * @typedef {object} Case
 * @property {import('./servers/servers.js').ServerName} server
 * @property {'memory' | 'redis'} broker
 * @property {'PUBLISH' | 'POST' | 'publish()'} way how it is published: raw through Redis, by HTTP, or by the server itself
 *
 * @typedef {object} Scenario
 * @property {string} name
 * @property {'flood' | 'pace'} kind
 * @property {readonly Case[]} cases
 */

/** @type {readonly Case[]} */
const throughRedis = [
  { server: 'recipe', broker: 'redis', way: 'PUBLISH' },
  { server: 'serve', broker: 'redis', way: 'PUBLISH' },
  { server: 'serve', broker: 'redis', way: 'POST' },
  { server: 'embedded', broker: 'redis', way: 'PUBLISH' },
  { server: 'embedded', broker: 'redis', way: 'publish()' },
]

/** @type {readonly Case[]} */
const inMemory = [
  { server: 'serve', broker: 'memory', way: 'POST' },
  { server: 'embedded', broker: 'memory', way: 'publish()' },
]

/** @type {readonly Scenario[]} */
export const scenarios = [
  { name: 'recipe-throughput', kind: 'flood', cases: throughRedis },
  { name: 'recipe-latency', kind: 'pace', cases: throughRedis },
  { name: 'memory-throughput', kind: 'flood', cases: inMemory },
  { name: 'memory-latency', kind: 'pace', cases: inMemory },
]

/** @param {Case} one */
export function nameOf({ server, broker, way }) {
  return `${server}, ${broker}, ${way}`
}
