import { createServer, type Server } from 'node:http'
import { answer } from '../adapters/node-answer.ts'
import { fromNode } from '../adapters/node-request.ts'
import type { OnError } from '../base/errors.ts'
import { openLane } from './lane.ts'
import type { Routes } from './routes.ts'

/**
 * The time that a client has to send its request, in ms. It ends when the request has come in whole, so that no stream is cut; it
 * keeps those who send a byte now and then from holding connections (Slowloris).
 */
const headersTimeout = 10_000
const requestTimeout = 60_000
const connectionsCheckingInterval = 5_000

/** Longer than proxies keep theirs (60 s is common), or they would send requests on connections that are just being closed. */
const keepAliveTimeout = 75_000

/** What a hub is reached by. */
export interface Front {
  /** It accepts every connection, and counts them. */
  readonly http: Server
  /** Ends at once the connections on which nothing was asked yet. */
  closeUnused(): void
  /** Ends every connection at once. */
  cutAll(): void
}

interface FrontOptions {
  /** Then every answer is of the ordinary way, which Node's server can end. */
  readonly isDraining: () => boolean
  readonly onError: OnError
}

/** The routes over HTTP/1.1: plain requests for a stream, which is nearly all, on their sockets, and all others by Node's own server. */
export function createFront(routes: Routes, { isDraining, onError }: FrontOptions): Front {
  const http = createServer(
    {
      headersTimeout,
      requestTimeout,
      connectionsCheckingInterval,
      keepAliveTimeout,
    },
    // A malformed request is answered by Node itself (400, 408, 431), unless a stream has begun on that connection.
    async (request, response) => answer(response, await routes(fromNode(request))),
  )
  const lane = openLane(http, {
    routes,
    isOpen: () => !isDraining(),
    timeout: headersTimeout,
    interval: connectionsCheckingInterval,
    onError,
  })
  return {
    http,
    closeUnused: () => lane.closeUnused(),
    cutAll() {
      http.closeAllConnections()
      lane.cut()
    },
  }
}
