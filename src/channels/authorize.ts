import type { PatternParams } from './pattern.ts'

/** The request of somebody who wants to subscribe. */
export interface JoinRequest {
  /** Path and query; scheme and host where the platform has them. */
  readonly url: string
  readonly query: Pick<URLSearchParams, 'get' | 'getAll'>
  /** A header's value, or undefined, by its name in any case; several values of one name are joined by a comma. */
  header(name: string): string | undefined
  /**
   * What the platform itself has of the request, with what middleware has put there, such as a session: that of node:http, node:http2
   * or Express, Fastify's, or the `Request` of a fetch handler. Nothing of it was checked.
   */
  readonly raw: unknown
}

/** Somebody wants to subscribe to a private channel. */
export interface Joining<Text extends string = string> {
  /** The name of the channel. */
  readonly channel: string
  /** What the name has in the place of the pattern's parameters. */
  readonly params: ParamsIn<Text>
  readonly request: JoinRequest
  /** Aborted when the answer is not waited for any more: after `limits.authorize` of the hub, or because it closes. */
  readonly signal: AbortSignal
}

type ParamsIn<Text extends string> = { readonly [Name in keyof PatternParams<Text>]: string }

/**
 * Says whether somebody may subscribe. `true` admits; anything else does not, and neither does one that throws or takes too long.
 *
 * It MUST answer alike for what does not exist and for what is not for whoever asks, or it tells which is which.
 */
export type Authorize<Text extends string = string> = (joining: Joining<Text>) => boolean | PromiseLike<boolean>
