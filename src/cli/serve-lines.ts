import { showRedisUrl } from '../server/broker.ts'
import type { ServerOptions } from '../server/options.ts'
import { paint } from './output.ts'

/** What is told of a hub that listens. */
export interface Listening extends ServerOptions {
  readonly url: string
  readonly workers: number
}

export function toEvent(listening: Listening): object {
  const { url, dev = false, channels = [], relay = [], workers } = listening
  return {
    event: 'listening',
    url,
    dev,
    channels: dev ? ['*'] : channels,
    publish: dev,
    broker: showBroker(listening) ?? 'memory',
    relay,
    ...(workers === 1 ? {} : { workers }),
  }
}

export function toBanner(listening: Listening): string {
  const { url, dev = false, channels = [], redis, relay = [], relayPrefix = '', workers } = listening
  const open = channels.length > 0 ? channels.join(', ') : 'none: open some with --public, or all with --dev'
  const rows = [
    ['streams', `${url}/sse?channel=...`],
    ['channels', dev ? 'all' : open],
    ['publish', dev ? `POST ${url}/publish` : `closed over HTTP${redis === undefined ? '' : '; open through Redis'}`],
    ['broker', showBroker(listening) ?? 'memory: what it keeps ends with this process'],
    ...(relay.length === 0 ? [] : [['relay', relay.map((pattern) => relayPrefix + pattern).join(', ')]]),
    ...(workers === 1 ? [] : [['workers', `${workers} processes; SIGHUP restarts them one after the other`]]),
    ...(dev ? [['page', `${url}/`]] : []),
  ]
  return [
    `${paint('bold', 'millrace')} listens on ${paint('cyan', url)}${dev ? paint('yellow', ' (dev: everything is open)') : ''}`,
    ...rows.map(([name = '', value = '']) => `  ${paint('dim', name.padEnd(9))} ${value}`),
  ].join('\n')
}

/** Where messages are kept, or undefined where that is only memory. */
function showBroker({ redis, data }: ServerOptions): string | undefined {
  if (redis !== undefined) return showRedisUrl(redis)
  return data === undefined ? undefined : `disk: ${data}`
}

export function closingLine(signal: NodeJS.Signals, subscribers: number): string {
  return `${signal}: closing, with ${subscribers} ${subscribers === 1 ? 'subscriber' : 'subscribers'}`
}
