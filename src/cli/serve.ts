import { MillraceError } from '../base/errors.ts'
import { showRedisUrl } from '../server/broker.ts'
import type { ServerOptions } from '../server/options.ts'
import { type Server, startServer } from '../server/server.ts'
import { exitCodes, report } from './exit.ts'
import { outliveReader, paint, printError, say } from './output.ts'
import { keepHeapSmall } from './small-heap.ts'

/** The streams are ended over this time, in ms, so that their readers do not come back all at once. */
const drainTime = 3_000

/** The process ends this long after the signal, in ms, whatever still hangs: process managers kill after 5 to 10 s. */
const hardStop = 4_500

export interface ServeOptions extends Omit<ServerOptions, 'channels' | 'onError'> {
  readonly public?: readonly string[]
  readonly json?: boolean
}

/** Runs the standalone hub until a signal comes. Never returns: it ends the process. */
export async function serve({ public: channels = [], json = false, ...options }: ServeOptions): Promise<void> {
  outliveReader()
  // Who keeps the log on disk counts on a process that stays small. In others the log is in it, or with Redis, and speed comes first.
  if (options.data !== undefined) keepHeapSmall()
  const server = await startServer({ ...options, channels, onError: (error) => void report(error, json) })
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })
  say(json ? JSON.stringify(toEvent(server, channels, options)) : toBanner(server, channels, options))

  const signal = await stopped
  for (const again of ['SIGINT', 'SIGTERM'] as const) process.on(again, () => process.exit(exitCodes.failed))
  const { subscribers } = server.hub
  say(json ? JSON.stringify({ event: 'closing', signal, subscribers }) : closingLine(signal, subscribers))
  // Not unref'ed: a close that waits for nothing the event loop knows would end the process with Node's own code, 13.
  setTimeout(() => {
    const { code, message } = new MillraceError('internal', 'Something would not close in time. It was left to itself.')
    printError(json ? JSON.stringify({ event: 'warning', code, message }) : `warning: ${message}`)
    process.exit(exitCodes.ok)
  }, hardStop)
  await server.close(drainTime)
  say(json ? JSON.stringify({ event: 'closed' }) : 'closed')
  process.exit(exitCodes.ok)
}

type Shown = Omit<ServeOptions, 'public' | 'json'>

function toEvent({ url }: Server, channels: readonly string[], { dev = false, relay = [], ...kept }: Shown): object {
  return {
    event: 'listening',
    url,
    dev,
    channels: dev ? ['*'] : channels,
    publish: dev,
    broker: showBroker(kept) ?? 'memory',
    relay,
  }
}

function toBanner({ url }: Server, channels: readonly string[], options: Shown): string {
  const { dev = false, redis, relay = [], relayPrefix = '' } = options
  const open = channels.length > 0 ? channels.join(', ') : 'none: open some with --public, or all with --dev'
  const rows = [
    ['streams', `${url}/sse?channel=...`],
    ['channels', dev ? 'all' : open],
    ['publish', dev ? `POST ${url}/publish` : `closed over HTTP${redis === undefined ? '' : '; open through Redis'}`],
    ['broker', showBroker(options) ?? 'memory: what it keeps ends with this process'],
    ...(relay.length === 0 ? [] : [['relay', relay.map((pattern) => relayPrefix + pattern).join(', ')]]),
    ...(dev ? [['page', `${url}/`]] : []),
  ]
  return [
    `${paint('bold', 'millrace')} listens on ${paint('cyan', url)}${dev ? paint('yellow', ' (dev: everything is open)') : ''}`,
    ...rows.map(([name = '', value = '']) => `  ${paint('dim', name.padEnd(9))} ${value}`),
  ].join('\n')
}

/** Where messages are kept, or undefined where that is only memory. */
function showBroker({ redis, data }: Shown): string | undefined {
  if (redis !== undefined) return showRedisUrl(redis)
  return data === undefined ? undefined : `disk: ${data}`
}

function closingLine(signal: NodeJS.Signals, subscribers: number): string {
  return `${signal}: closing, with ${subscribers} ${subscribers === 1 ? 'subscriber' : 'subscribers'}`
}
