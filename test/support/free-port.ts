import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the ports that systems give to outgoing connections. A server that a test restarts must find its port free again,
 * and a client that keeps dialling a port of that range while nobody listens there can end up connected to itself.
 */
const first = 20_000
const last = 32_000

/** Test files that run side by side look in ranges of their own, or two could find the same port free in the same moment. */
const ranges = 16
const size = (last - first) / ranges
const begin = first + (Number(process.env.VITEST_POOL_ID ?? 0) % ranges) * size

let next = Math.floor(Math.random() * size)

/**
 * A TCP port on 127.0.0.1 on which nothing listens, and that this process was not given lately.
 *
 * Another program may take it before you do: where a test can listen on port 0 itself, that is the better way.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = begin + (next++ % size)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
