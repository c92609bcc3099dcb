import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MillraceError, quote, warn } from '../base/errors.ts'
import { defineChannel } from '../channels/define.ts'
import type { Hub } from '../hub/api.ts'
import { createHub } from '../hub/hub.ts'
import { openDisk, openRedis } from './broker.ts'
import { isLoopback } from './loopback.ts'
import type { ServerOptions } from './options.ts'
import { createRoutes } from './routes.ts'
import { createSlowPolicies } from './slow.ts'

/**
 * The time that a client has to send its request, in ms. It ends when the request has come in whole, so that no stream is cut; it
 * keeps those who send a byte now and then from holding connections (Slowloris).
 */
const headersTimeout = 10_000
const requestTimeout = 60_000
const connectionsCheckingInterval = 5_000

/** Longer than proxies keep theirs (60 s is common), or they would send requests on connections that are just being closed. */
const keepAliveTimeout = 75_000

/**
 * Connections that the system holds until they are accepted, if its own limit is as high (`net.core.somaxconn`). Of readers who come
 * back together, those beyond it try again after a second or more.
 */
const backlog = 4_096

/** What is left after the streams have ended is given this long, in ms: a publish on its way, a reader that does not read. */
const grace = 1_000

export interface Server {
  /** Where it listens, with the real port. */
  readonly url: string
  readonly hub: Hub
  /**
   * Accepts no more connections, ends the streams over `drain` ms, lets requests end, and closes the hub.
   *
   * Takes no longer than `drain` and {@link grace}, if the broker closes at once. @default 3_000
   */
  close(drain?: number): Promise<void>
}

/**
 * The standalone hub, listening. Without `dev` it starts closed: only `channels` can be subscribed to, and nothing is published
 * over HTTP.
 *
 * @throws {MillraceError} `option_invalid`, `pattern_invalid`, `channel_conflict`, `dependency_missing`, `address_unavailable`,
 * `data_locked`, `data_unavailable`, `data_incompatible`
 */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const { port = 3000, host = '127.0.0.1', dev = false, cors = [], onError = warn } = options
  if (dev && !isLoopback(host)) throw devHost(host)
  const hub = await openHub(options)
  let isDraining = false
  try {
    const routes = createRoutes({ hub, dev, cors, onError, isDraining: () => isDraining })
    // A malformed request is answered by Node itself (400, 408, 431), unless a stream has begun on that connection.
    const http = createHttpServer(
      { headersTimeout, requestTimeout, connectionsCheckingInterval, keepAliveTimeout },
      routes,
    )
    const url = await listen(http, host, port)
    return {
      url,
      hub,
      async close(drain = 3_000) {
        isDraining = true
        const closed = once(http, 'close')
        http.close()
        await hub.close({ drain })
        const timer = setTimeout(() => http.closeAllConnections(), grace)
        http.closeIdleConnections()
        await closed
        clearTimeout(timer)
      },
    }
  } catch (error) {
    await hub.close()
    throw error
  }
}

async function openHub({
  redis,
  data,
  relay = [],
  relayPrefix,
  publishWait,
  minReplicas,
  history,
  maxSubscribers,
  dev = false,
  channels = [],
  conflate,
  disconnect,
  onError = warn,
}: ServerOptions): Promise<Hub> {
  if (redis === undefined && relay.length > 0) {
    throw new MillraceError('option_invalid', '--relay needs --redis: what is relayed is published in Redis.')
  }
  if (relayPrefix !== undefined && relay.length === 0) {
    throw new MillraceError(
      'option_invalid',
      '--relay-prefix needs --relay: it is what the relayed channels begin with.',
    )
  }
  if (redis === undefined && (publishWait ?? minReplicas) !== undefined) {
    const flag = publishWait === undefined ? '--min-replicas' : '--publish-wait'
    throw new MillraceError('option_invalid', `${flag} needs --redis: other brokers are in this process.`)
  }
  if (redis !== undefined && data !== undefined) {
    throw new MillraceError(
      'option_invalid',
      'Messages are kept in Redis or on disk: give --redis (or REDIS_URL), or --data, and not both.',
    )
  }
  const declared = (dev ? ['*'] : channels).map((pattern) => defineChannel(pattern))
  const slow = createSlowPolicies({ conflate, disconnect })
  const broker =
    redis !== undefined
      ? await openRedis(redis, { relay, relayPrefix, wait: publishWait, minReplicas, onError })
      : data !== undefined
        ? await openDisk(data, onError)
        : undefined
  try {
    return createHub({
      channels: declared,
      slow,
      onError,
      ...(broker === undefined ? {} : { broker }),
      ...(history === undefined ? {} : { history }),
      ...(maxSubscribers === undefined ? {} : { limits: { subscribers: maxSubscribers } }),
    })
  } catch (error) {
    await broker?.close()
    throw error
  }
}

async function listen(http: HttpServer, host: string, port: number): Promise<string> {
  http.listen({ port, host, backlog })
  try {
    await once(http, 'listening')
  } catch (cause) {
    throw addressUnavailable(cause, host, port)
  }
  const { port: actual } = http.address() as AddressInfo
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

function devHost(host: string): MillraceError {
  return new MillraceError(
    'option_invalid',
    `--dev opens every channel and publishing to whoever can reach the server, so it listens on this machine only, and not on ` +
      `${quote(host)}. Leave --host out, or leave --dev out and open channels with --public.`,
  )
}
