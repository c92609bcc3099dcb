// @ts-check
import { once } from 'node:events'
import { connect } from 'node:net'

/**
 * Raw `PUBLISH` in the Redis protocol, as any program could do it; pipelined.
 *
 * @param {number} port
 * @returns {Promise<import('./driver.js').Way>}
 */
export async function openRedis(port) {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  await once(socket, 'connect')
  /** @type {{ left: number, resolve: () => void, reject: (error: Error) => void }[]} */
  const calls = []
  const fail = (/** @type {Error} */ error) => {
    for (const call of calls.splice(0)) call.reject(error)
  }
  socket.setEncoding('latin1').on('data', (/** @type {string} */ chunk) => {
    // Each reply is one line, `:` and a count.
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', end + 1)) {
      const call = calls[0]
      if (call !== undefined && --call.left === 0) calls.shift()?.resolve()
    }
    if (chunk.includes('-')) fail(new Error(`Redis answered ${chunk}`))
  })
  socket.on('error', fail)
  return {
    batch: 50,
    calls: 10,
    publish: (messages) =>
      new Promise((resolve, reject) => {
        calls.push({ left: messages.length, resolve: () => resolve(undefined), reject })
        let text = ''
        for (const { channel, json } of messages) {
          text += `*3\r\n$7\r\nPUBLISH\r\n$${channel.length}\r\n${channel}\r\n$${Buffer.byteLength(json)}\r\n${json}\r\n`
        }
        socket.write(text)
      }),
    close: () => void socket.destroy(),
  }
}
