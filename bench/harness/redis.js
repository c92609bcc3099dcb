// @ts-check
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { start, until } from './child.js'
import { freePort, temporaryDir } from './place.js'

/** @typedef {{ pid: number, port: number, url: string, stop: () => Promise<void> }} Redis */

/**
 * A redis-server on the loopback that keeps nothing on disk, as Debian installs it (`appendonly no`): what is measured here is the
 * way through it and not the disk.
 *
 * @returns {Promise<Redis>}
 */
export async function startRedis() {
  const dir = await temporaryDir()
  const port = await freePort()
  const args = [...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no']]
  const server = await start('redis-server', args, { dir })
  const stop = async () => {
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  }
  try {
    await until(server, 'answer', () => answers(port))
  } catch (error) {
    await stop()
    throw error
  }
  return { pid: server.pid, port, url: `redis://127.0.0.1:${port}`, stop }
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
