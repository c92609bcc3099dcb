import { once } from 'node:events'
import type { Server as NetServer } from 'node:net'
import { warn } from '../base/errors.ts'
import type { Broker } from '../broker/port.ts'
import type { Hub } from '../hub/api.ts'
import { listen } from './address.ts'
import { createFront } from './front.ts'
import { assertOptions, openHub } from './hub.ts'
import type { ServerOptions } from './options.ts'
import { createRoutes } from './routes.ts'

/** What is left after the streams have ended is given this long, in ms: a publish on its way, a reader that does not read. */
const grace = 1_000

/** The standalone hub without an address: its connections are accepted elsewhere. */
export interface Site {
  readonly hub: Hub
  /** Where connections come in: let it listen, or hand them to it as its event `connection`. */
  readonly entrance: NetServer
  /**
   * From now on it closes each connection behind its answer, and goes on serving. To be called a while before `close`: who closes a connection
   * on which a request is just coming lets that fail.
   */
  leave(): void
  /**
   * Accepts no more connections, ends the streams over `drain` ms, lets requests end, and closes the hub.
   *
   * Takes no longer than `drain` and {@link grace}, if the broker closes at once. @default 3_000
   */
  close(drain?: number): Promise<void>
}

/** The standalone hub, listening. */
export interface Server extends Pick<Site, 'hub' | 'close'> {
  /** Where it listens, with the real port. */
  readonly url: string
}

/**
 * Starts the standalone hub. Without `dev` it starts closed: only `channels` can be subscribed to, and nothing is published
 * over HTTP.
 *
 * @throws {MillraceError} `option_invalid`, `pattern_invalid`, `channel_conflict`, `dependency_missing`, `address_unavailable`,
 * `data_locked`, `data_unavailable`, `data_incompatible`
 */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const { port = 3000, host = '127.0.0.1' } = options
  assertOptions(options)
  const { hub, entrance, close } = await openSite(options)
  try {
    return { url: await listen(entrance, host, port), hub, close }
  } catch (error) {
    await hub.close()
    throw error
  }
}

/**
 * A site on `broker`, or, where none is given, on the one that the options say.
 *
 * @throws {MillraceError} `option_invalid`, `pattern_invalid`, `channel_conflict`, `dependency_missing`, `data_locked`,
 * `data_unavailable`, `data_incompatible`
 */
export async function openSite(options: ServerOptions, broker?: Broker): Promise<Site> {
  const { dev = false, cors = [], compress = true, onError = warn } = options
  const hub = await openHub(options, broker)
  let isLeaving = false
  let isDraining = false
  try {
    const state = { onError, isLeaving: () => isLeaving, isDraining: () => isDraining }
    const { http, closeUnused, cutAll } = createFront(createRoutes({ hub, dev, cors, compress, ...state }), state)
    return {
      hub,
      entrance: http,
      leave() {
        isLeaving = true
      },
      async close(drain = 3_000) {
        isLeaving = isDraining = true
        const closed = once(http, 'close')
        http.close()
        closeUnused()
        await hub.close({ drain })
        const timer = setTimeout(cutAll, grace)
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
