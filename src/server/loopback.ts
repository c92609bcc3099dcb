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
 * Refuses a request whose `Host` header could be the name of a page on the web.
 *
 * The threat is DNS rebinding: such a page can make its own name resolve to 127.0.0.1, and is then of one origin with a server
 * there. A name on the web has a dot in it; an address cannot be made to mean another, and a single word, such as the name of an
 * upstream in a proxy's configuration, is nobody's.
 *
 * @throws {MillraceError} `host_forbidden`
 */
export function assertLoopbackHost(header: string | undefined): void {
  if (header === undefined) return
  const host = toHost(header)
  if (isIP(host) !== 0 || !host.includes('.') || isLoopback(host)) return
  throw new MillraceError(
    'host_forbidden',
    `The request is for the host ${quote(header)}. With --dev only addresses, localhost and single words are answered.`,
  )
}

/** Without the port, and without the brackets of an IPv6 address. */
function toHost(header: string): string {
  return header.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
}
