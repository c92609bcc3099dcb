// @ts-check
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'

/** @typedef {import('./driver.js').Way} Way */
/** @typedef {{ kind: 'http', url: string, channel: string } | { kind: 'redis', port: number, channel: string }} WayOptions */

/**
 * The ways to publish from outside the server.
 *
 * @param {WayOptions} options
 * @returns {Promise<Way>}
 */
export async function openWay(options) {
  return options.kind === 'http' ? overHttp(options) : await throughRedis(options)
}

/**
 * `POST /publish`: one message as JSON, several as NDJSON.
 *
 * @param {{ url: string, channel: string }} options
 * @returns {Way}
 */
function overHttp({ url, channel }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const target = new URL('/publish', url)
  return {
    batch: 100,
    // One at a time: requests on two connections have no order.
    calls: 1,
    publish: async (messages) => {
      const isOne = messages.length === 1
      const body = messages.map((data) => JSON.stringify({ channel, data })).join('\n')
      const type = isOne ? 'application/json' : 'application/x-ndjson'
      const sent = request(target, {
        method: 'POST',
        agent,
        headers: { 'content-type': type, 'content-length': Buffer.byteLength(body) },
      })
      sent.end(body)
      const [answer] = await once(sent, 'response')
      let text = ''
      for await (const chunk of answer.setEncoding('utf8')) text += chunk
      if (answer.statusCode !== 200) throw new Error(`POST /publish was answered with ${answer.statusCode}: ${text}`)
    },
  }
}

/**
 * Raw `PUBLISH` in the Redis protocol, as any program could do it; pipelined.
 *
 * @param {{ port: number, channel: string }} options
 * @returns {Promise<Way>}
 */
async function throughRedis({ port, channel }) {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  await once(socket, 'connect')
  /** @type {{ left: number, resolve: () => void, reject: (error: Error) => void }[]} */
  const calls = []
  socket.setEncoding('latin1').on('data', (/** @type {string} */ chunk) => {
    // Each reply is one line, `:` and a count.
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', end + 1)) {
      const call = calls[0]
      if (call !== undefined && --call.left === 0) calls.shift()?.resolve()
    }
    if (chunk.includes('-')) fail(new Error(`Redis answered ${chunk}`))
  })
  const fail = (/** @type {Error} */ error) => {
    for (const call of calls.splice(0)) call.reject(error)
  }
  socket.on('error', fail)
  const before = `*3\r\n$7\r\nPUBLISH\r\n$${channel.length}\r\n${channel}\r\n`
  return {
    batch: 50,
    calls: 10,
    publish: (messages) =>
      new Promise((resolve, reject) => {
        calls.push({ left: messages.length, resolve: () => resolve(undefined), reject })
        let text = ''
        for (const message of messages) {
          const json = JSON.stringify(message)
          text += `${before}$${json.length}\r\n${json}\r\n`
        }
        socket.write(text)
      }),
  }
}
