import { MillraceError, quote } from '../base/errors.ts'
import { isCount } from '../base/number.ts'
import { defaultMaxNameLength } from '../channels/name.ts'

/** What bounds a hub. Everything past a limit is refused with an error that names it, and nobody is evicted for a newcomer. */
export interface Limits {
  /** Connections at one time, with those that wait to be let in to private channels. @default 100_000 */
  readonly subscribers: number
  /** Channels of one subscriber, or of one message. @default 100 */
  readonly channels: number
  /** Messages that are published together: they are checked in one go, and everyone waits meanwhile. @default 10_000 */
  readonly messages: number
  /** Characters of a channel's name, an event's name, a key or a publisher's id. @default 200 */
  readonly name: number
  /** Bytes that may wait for one live subscriber; past it the subscriber reads from the log when they have gone. @default 1 MiB */
  readonly outbox: number
  /**
   * Milliseconds for which a reader may take nothing although bytes wait for it, before its stream is cut. Looked at with each heartbeat.
   * @default 10 minutes
   */
  readonly stall: number
  /** Milliseconds that the `authorize` of the private channels of one request may take, all together. @default 10_000 */
  readonly authorize: number
  /** Readers that are written to in one turn of the event loop, before accepts, publishes and heartbeats have theirs. @default 1024 */
  readonly slice: number
  /** Bytes of the body of a publish over HTTP. @default 1 MiB */
  readonly body: number
}

const defaults: Limits = {
  subscribers: 100_000,
  channels: 100,
  messages: 10_000,
  name: defaultMaxNameLength,
  outbox: 1024 * 1024,
  stall: 10 * 60 * 1000,
  authorize: 10_000,
  slice: 1024,
  body: 1024 * 1024,
}

/** @throws {MillraceError} `option_invalid` for anything but whole numbers above 0 */
export function toLimits(options: Partial<Limits> = {}): Limits {
  const limits = { ...defaults, ...options }
  for (const [name, value] of Object.entries(limits)) {
    if (!isCount(value)) {
      throw new MillraceError(
        'option_invalid',
        `The limit ${quote(name)} is ${quote(value)}. Give a whole number above 0.`,
      )
    }
  }
  return limits
}
