import { MillraceError, quote, warn } from '../base/errors.ts'
import type { Broker } from '../broker/port.ts'
import { defineChannel } from '../channels/define.ts'
import type { Hub } from '../hub/api.ts'
import { createHub } from '../hub/hub.ts'
import { openDisk, openRedis } from './broker.ts'
import { isLoopback } from './loopback.ts'
import type { ServerOptions } from './options.ts'
import { createSlowPolicies } from './slow.ts'

/**
 * Refuses options that do not go together.
 *
 * @throws {MillraceError} `option_invalid`
 */
export function assertOptions({
  host = '127.0.0.1',
  dev = false,
  redis,
  data,
  relay = [],
  relayPrefix,
  publishWait,
  minReplicas,
}: ServerOptions): void {
  if (dev && !isLoopback(host)) throw devHost(host)
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
}

/**
 * The hub that the options describe; it closes `broker` when it closes, or fails to begin. Without one, the options say which.
 *
 * @throws {MillraceError} `option_invalid`, `pattern_invalid`, `channel_conflict`, `dependency_missing`, `data_locked`,
 * `data_unavailable`, `data_incompatible`
 */
export async function openHub(options: ServerOptions, broker?: Broker): Promise<Hub> {
  const { history, maxSubscribers, dev = false, channels = [], conflate, disconnect, onError = warn } = options
  const declared = (dev ? ['*'] : channels).map((pattern) => defineChannel(pattern))
  const slow = createSlowPolicies({ conflate, disconnect })
  const used = broker ?? (await openBroker(options))
  try {
    return createHub({
      channels: declared,
      slow,
      onError,
      ...(used === undefined ? {} : { broker: used }),
      ...(history === undefined ? {} : { history }),
      ...(maxSubscribers === undefined ? {} : { limits: { subscribers: maxSubscribers } }),
    })
  } catch (error) {
    await used?.close()
    throw error
  }
}

/** Undefined where messages are kept in memory, which is what a hub does by itself. */
async function openBroker(options: ServerOptions): Promise<Broker | undefined> {
  const { redis, data, relay = [], relayPrefix, publishWait, minReplicas, onError = warn } = options
  if (redis !== undefined) return openRedis(redis, { relay, relayPrefix, wait: publishWait, minReplicas, onError })
  return data === undefined ? undefined : openDisk(data, onError)
}

function devHost(host: string): MillraceError {
  return new MillraceError(
    'option_invalid',
    `--dev opens every channel and publishing to whoever can reach the server, so it listens on this machine only, and not on ` +
      `${quote(host)}. Leave --host out, or leave --dev out and open channels with --public.`,
  )
}
