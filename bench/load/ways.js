// @ts-check
import { HttpConnection } from './http.js'
import { mercureToken } from './mercure.js'
import { openRedis } from './redis.js'

/** @typedef {import('./driver.js').Way} Way */

/**
 * How a server is published to: `millrace` is its `POST /publish`, which the small servers around libraries have as well.
 *
 * @typedef {keyof typeof overHttp} HttpWay
 * @typedef {{ kind: HttpWay, url: string } | { kind: 'redis', port: number }} WayOptions
 */

/**
 * The ways to publish from outside the server.
 *
 * @param {WayOptions} options
 * @returns {Promise<Way>}
 */
export async function openWay(options) {
  if (options.kind === 'redis') return await openRedis(options.port)
  const connection = new HttpConnection(options.url)
  return { ...overHttp[options.kind](connection), close: () => connection.close() }
}

const json = { 'Content-Type': 'application/json' }
const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
const ndjson = { 'Content-Type': 'application/x-ndjson' }

/** @satisfies {Record<string, (connection: HttpConnection) => Omit<Way, 'close'>>} */
const overHttp = {
  /** NDJSON: what has come up since the last answer goes in one request. */
  millrace: (connection) => ({
    batch: 400,
    calls: 1,
    publish: (messages) =>
      connection.post('/publish', messages.length === 1 ? json : ndjson, messages.map(toLine).join('\n')),
  }),

  /** A request for each message. */
  'millrace-each': (connection) => ({
    batch: 1,
    calls: 64,
    publish: ([message]) => connection.post('/publish', json, message === undefined ? '' : toLine(message)),
  }),

  /** A request for each message is what there is. */
  nchan: (connection) => ({
    batch: 1,
    calls: 64,
    publish: ([message]) => connection.post(`/pub?id=${message?.channel}`, json, message?.json ?? ''),
  }),

  /** The control port takes several at once. */
  pushpin: (connection) => ({
    batch: 400,
    calls: 1,
    publish: (messages) => {
      const items = messages.map(({ channel, json: text }) => ({
        channel,
        formats: { 'http-stream': { content: `data: ${text}\n\n` } },
      }))
      return connection.post('/publish/', json, JSON.stringify({ items }))
    },
  }),

  /** A request for each message is what there is. */
  mercure: (connection) => {
    const headers = { ...form, Authorization: `Bearer ${mercureToken()}` }
    return {
      batch: 1,
      calls: 64,
      publish: ([message]) =>
        connection.post(
          '/.well-known/mercure',
          headers,
          `topic=${message?.channel}&data=${encodeURIComponent(message?.json ?? '')}`,
        ),
    }
  },

  /** Several commands in one request, done one after the other. */
  centrifugo: (connection) => ({
    batch: 400,
    calls: 1,
    publish: (messages) => {
      const commands = messages.map(({ channel, json: text }) => `{"publish":{"channel":"${channel}","data":${text}}}`)
      return connection.post('/api/batch', json, `{"commands":[${commands.join(',')}]}`)
    },
  }),
}

/** @param {import('./driver.js').Message} message */
function toLine({ channel, json }) {
  return `{"channel":"${channel}","data":${json}}`
}
