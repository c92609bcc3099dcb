import { BlockList, isIP } from 'node:net'
import { MillraceError, quote } from '../base/errors.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether only programs of this machine can reach `host`: 127.0.0.0/8, `::1`, and the names that mean them (RFC 6761, 6.3). */
export function isLoopback(host: string): boolean {
  const family = isIP(host)
  if (family !== 0) return loopback.check(host, family === 6 ? 'ipv6' : 'ipv4')
  return /^(.+\.)?localhost\.?$/i.test(host)
}

/**
 * Refuses a request that names another host than this machine in its `Host` header.
 *
 * The threat is DNS rebinding: a page on the web can make its own name resolve to 127.0.0.1, and is then of one origin with a
 * server there. A name that no page on the web can have is what tells such a request from one that was meant.
 *
 * @throws {MillraceError} `host_forbidden`
 */
export function assertLoopbackHost(header: string | undefined): void {
  if (header === undefined || isLoopback(toHost(header))) return
  throw new MillraceError(
    'host_forbidden',
    `The request is for the host ${quote(header)}. With --dev only localhost and loopback addresses are answered.`,
  )
}

/** Without the port, and without the brackets of an IPv6 address. */
function toHost(header: string): string {
  return header.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
}
