// @ts-check

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { start } from './child.js'

/** @typedef {{ pid: number, port: number, url: string, stop: () => Promise<void> }} Redis */

/**
 * A redis-server on the loopback that keeps nothing on disk, as Debian installs it (`appendonly no`): what is measured here is the
 * way through it and not the disk.
 *
 * @returns {Promise<Redis>}
 */
export async function startRedis() {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const port = await freePort()
  const args = [...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no']]
  const server = await start('redis-server', args, dir)
  const stop = async () => {
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  }
  for (const end = Date.now() + 5_000; !(await answers(port)); ) {
    if (Date.now() > end || server.process.exitCode !== null) {
      await stop()
      throw new Error(`redis-server did not start: ${server.output()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { pid: server.pid, port, url: `redis://127.0.0.1:${port}`, stop }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) throw new Error('no free port')
  return address.port
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('data', (reply) => {
      socket.destroy()
      resolve(reply.toString().startsWith('+PONG'))
    })
    socket.write('PING\r\n')
  })
}
