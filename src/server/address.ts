import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { MillraceError, quote } from '../base/errors.ts'

/**
 * Connections that the system holds until they are accepted, if its own limit is as high (`net.core.somaxconn`). Of readers who come
 * back together, those beyond it try again after a second or more.
 */
const backlog = 4_096

/**
 * Has `server` listen, and resolves with its URL, which has the real port.
 *
 * @throws {MillraceError} `address_unavailable`
 */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  server.listen({ port, host, backlog })
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw addressUnavailable(cause, host, port)
  }
  const { port: actual } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there. End it, or give another --port.',
  EACCES: 'that is not allowed to this user. Give a --port above 1023.',
  EADDRNOTAVAIL: 'this machine has no such address. Give another --host.',
  ENOTFOUND: 'there is no host of that name. Give another --host.',
}

function addressUnavailable(cause: unknown, host: string, port: number): MillraceError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return new MillraceError(
    'address_unavailable',
    `Cannot listen on ${quote(host)}, port ${port}: ${reasons[code] ?? String(cause)}`,
    { cause, data: { host, port } },
  )
}
