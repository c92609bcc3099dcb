import type { Hub } from '../../../../src/hub/api.ts'

/** One way of putting a hub on the network, set up as a user would. */
export interface Adapter {
  readonly name: string
  /** Serves `/sse` and `/publish`, for every method. */
  start(hub: Hub, options?: StartOptions): Promise<Served>
  /** Its server speaks HTTP/1.1 on a port, so that a bare socket can talk to it. */
  readonly isHttp1: boolean
  /** A body parser stands before the handler, and refuses in its own words what it cannot read. */
  readonly parsesBodies?: boolean
  /** A proxy stands before it, which takes `x-accel-buffering` for itself. */
  readonly isProxied?: boolean
  /** Its streams come compressed; `fetch` gives them as they were before. */
  readonly isCompressed?: boolean
  /** CORS middleware allows the origin `https://app.example`. */
  readonly hasCors?: boolean
}

export interface StartOptions {
  /** Middleware: every request waits for it before it comes to the handler. */
  readonly before?: () => Promise<void>
}

export interface Served {
  /** The global `fetch`, but for a path. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** 0 where a bare socket cannot talk to it. */
  readonly port: number
  /** What stands before `/sse` and `/publish`. */
  readonly base: string
  /** Resolves when the server has closed, which it does when its streams have ended. */
  close(): Promise<void>
  /** Cuts what is still connected, such as connections that `fetch` has opened and not used: no server thinks those idle. */
  cut(): void
}

export const corsOrigin = 'https://app.example'
