// @ts-check
import { connect } from 'node:net'
import { startProgram } from './program.js'

/** @typedef {{ pid: number, port: number, url: string, stop: () => Promise<void> }} Redis */

/**
 * A redis-server on the loopback that keeps nothing on disk, as Debian installs it (`appendonly no`): what is measured here is the
 * way through it and not the disk.
 *
 * @returns {Promise<Redis>}
 */
export async function startRedis() {
  const { child, port, stop } = await startProgram(
    'redis-server',
    async (dir, port) => ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no'],
    answers,
  )
  return { pid: child.pid, port, url: `redis://127.0.0.1:${port}`, stop }
}

/**
 * @param {number} port
 * @returns {Promise<true | undefined>}
 */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(undefined))
    socket.once('data', (reply) => {
      socket.destroy()
      resolve(reply.toString().startsWith('+PONG') || undefined)
    })
    socket.write('PING\r\n')
  })
}
