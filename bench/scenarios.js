// @ts-check

/**
 * What is measured: a load, and the servers that carry it. In each scenario the first case that could be measured is what the others
 * are compared with.
 *
 * @typedef {object} Case
 * @property {import('./servers/servers.js').ServerName} server
 * @property {'redis'} [broker] the memory of the server, where it is left out
 * @property {'PUBLISH' | 'publish()' | 'POST each'} [way] how it is published: raw through Redis, by the server itself, by a request
 *   for each message; the server's own way where it is left out
 *
 * @property {'gzip'} [accept] what the readers can read
 *
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} about
 * @property {import('./load/main.js').Plan} plan
 * @property {number} clients
 * @property {import('./load/layout.js').LayoutOptions} layout
 * @property {import('./load/payload.js').PayloadOptions} payload
 * @property {'several' | 'resume'} [needs] what not every server can: several channels in one stream, to go on where one was
 * @property {readonly Case[]} cases
 */

const one = /** @type {const} */ ({ kind: 'one' })
const text = /** @type {const} */ ({ shape: 'text', bytes: 200 })

/** @type {readonly Case[]} */
const everyone = [
  { server: 'nchan' },
  { server: 'pushpin' },
  { server: 'mercure' },
  { server: 'centrifugo' },
  { server: 'serve' },
  { server: 'embedded' },
  { server: 'node:http' },
  { server: 'better-sse' },
  { server: '@boringnode/transmit' },
  { server: '@fastify/sse' },
  { server: 'hono' },
]

/** Without the requests, of which a message for few readers costs as many as one for all. */
/** @type {readonly Case[]} */
const manyMessages = [...everyone, { server: 'embedded', way: 'publish()' }]

/** @type {readonly Case[]} */
const busy = [...manyMessages, { server: 'serve', way: 'POST each' }]

/** @type {readonly Case[]} */
const compressed = [{ server: 'serve' }, { server: 'serve', accept: 'gzip' }, { server: 'embedded', accept: 'gzip' }]

/** @type {readonly Case[]} */
const throughRedis = [
  { server: 'recipe', broker: 'redis', way: 'PUBLISH' },
  { server: 'serve', broker: 'redis', way: 'PUBLISH' },
  { server: 'serve', broker: 'redis' },
  { server: 'embedded', broker: 'redis', way: 'PUBLISH' },
  { server: 'embedded', broker: 'redis', way: 'publish()' },
]

/** @type {readonly Scenario[]} */
export const scenarios = [
  {
    name: 'fan-out',
    about: '1,000 readers of one channel, 50 messages of 200 bytes a second: each message is a write to each reader',
    plan: { kind: 'pace', rate: 50 },
    clients: 1000,
    layout: one,
    payload: text,
    cases: everyone,
  },
  {
    name: 'busy-1000',
    about:
      '1,000 readers of one channel, 1,000 messages of 200 bytes a second: a million deliveries a second are asked for',
    plan: { kind: 'pace', rate: 1000 },
    clients: 1000,
    layout: one,
    payload: text,
    cases: busy,
  },
  {
    name: 'busy-3000',
    about: 'the same with 3,000 messages a second: three million deliveries',
    plan: { kind: 'pace', rate: 3000 },
    clients: 1000,
    layout: one,
    payload: text,
    cases: busy,
  },
  {
    name: 'latency',
    about: '1,000 readers of one channel, 100 messages of 200 bytes a second',
    plan: { kind: 'pace', rate: 100 },
    clients: 1000,
    layout: one,
    payload: text,
    cases: everyone,
  },
  {
    name: 'per-user',
    about:
      '1,000 readers, each of a channel of its own and of one for all; 25 messages a second to each, and as many to all: half of what a reader gets is for it alone, and there are as many deliveries as in fan-out',
    plan: { kind: 'pace', rate: 25_025 },
    clients: 1000,
    layout: { kind: 'per-user' },
    payload: text,
    needs: 'several',
    cases: manyMessages,
  },
  {
    name: 'many-channels',
    about: '1,000 channels with 10 readers each, 5 messages a second on each: as many deliveries as in fan-out',
    plan: { kind: 'pace', rate: 5000 },
    clients: 10_000,
    layout: { kind: 'many', channels: 1000 },
    payload: text,
    cases: manyMessages,
  },
  {
    name: 'gzip',
    about: '1,000 readers of one channel, 20 messages a second of 1 KB of JSON',
    plan: { kind: 'pace', rate: 20 },
    clients: 1000,
    layout: one,
    payload: { shape: 'json', bytes: 1024 },
    cases: compressed,
  },
  {
    name: 'idle',
    about: '10,000 readers of one channel, and no messages',
    plan: { kind: 'idle' },
    clients: 10_000,
    layout: one,
    payload: text,
    cases: everyone,
  },
  {
    name: 'connect-storm',
    about: '10,000 readers of one channel connect at once',
    plan: { kind: 'connect-storm' },
    clients: 10_000,
    layout: one,
    payload: text,
    cases: everyone,
  },
  {
    name: 'resume-storm',
    about: '10,000 readers of one channel come back at once, each after one of the last 100 messages',
    plan: { kind: 'resume-storm' },
    clients: 10_000,
    layout: one,
    payload: text,
    needs: 'resume',
    cases: everyone,
  },
  {
    name: 'redis',
    about:
      '50 readers of one channel through Redis, 20,000 messages of 200 bytes a second: a million deliveries are asked for',
    plan: { kind: 'pace', rate: 20_000 },
    clients: 50,
    layout: one,
    payload: text,
    cases: throughRedis,
  },
  {
    name: 'recipe',
    about: '50 readers of one channel through Redis, messages of 200 bytes as fast as they go',
    plan: { kind: 'flood', window: 2000 },
    clients: 50,
    layout: one,
    payload: text,
    cases: throughRedis,
  },
  {
    name: 'recipe-latency',
    about: '50 readers of one channel through Redis, 100 messages of 200 bytes a second',
    plan: { kind: 'pace', rate: 100 },
    clients: 50,
    layout: one,
    payload: text,
    cases: throughRedis,
  },
]

/** @param {Case} one */
export function nameOf({ server, broker, way, accept }) {
  return [server, broker, way, accept].filter((part) => part !== undefined).join(', ')
}
