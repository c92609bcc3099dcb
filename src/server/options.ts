import type { OnError } from '../base/errors.ts'
import type { SlowPatterns } from './slow.ts'

export interface ServerOptions extends SlowPatterns {
  /** 0 takes a free one. @default 3000 */
  readonly port?: number
  /** The address to listen on; with `dev` only a loopback one. @default '127.0.0.1' */
  readonly host?: string
  /** `redis[s]://[user[:password]@]host[:port][/database]`. @default the memory broker */
  readonly redis?: string | undefined
  /** The directory in which messages are kept on disk. Not beside `redis`. @default the memory broker */
  readonly data?: string | undefined
  /** Channels, by name or with `*`, on which raw `PUBLISH`es in Redis are relayed. Needs `redis`. @default none */
  readonly relay?: readonly string[]
  /** What those channels begin with in Redis, and not here. @default '' */
  readonly relayPrefix?: string | undefined
  /** How long a publish waits for Redis when it is away, in ms. Needs `redis`. @default 5_000 */
  readonly publishWait?: number | undefined
  /** Replicas of Redis that must have a message before its publish is answered. Needs `redis`. @default 0 */
  readonly minReplicas?: number | undefined
  /** Messages that each channel keeps; 0 keeps none. @default 10,000 */
  readonly history?: number | undefined
  /** Connections at one time; past it new ones are answered with 503. @default 100,000 */
  readonly maxSubscribers?: number | undefined
  /** Opens every channel and publishing to whoever can reach the server, and serves a page to try it with. @default false */
  readonly dev?: boolean
  /** The patterns of the channels that everyone may subscribe to. Beside `dev` they change nothing. @default none */
  readonly channels?: readonly string[]
  /** Origins whose pages may read the streams: exact ones, or `*`. @default none */
  readonly cors?: readonly string[]
  /** Whether streams are compressed for clients that accept gzip. @default true */
  readonly compress?: boolean
  /** Hears of failures that no caller waits for. @default a warning on the console */
  readonly onError?: OnError
}
