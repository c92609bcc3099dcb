import { MillraceError } from '../base/errors.ts'
import type { ServerOptions } from '../server/options.ts'
import { startServer } from '../server/server.ts'
import { keepHeapSmall, keepYoungSmall } from '../server/small-heap.ts'
import { exitCodes, report } from './exit.ts'
import { outliveReader, printError, say } from './output.ts'
import { closingLine, toBanner, toEvent } from './serve-lines.ts'
import { startWorkers } from './workers.ts'

/** The streams are ended over this time, in ms, so that their readers do not come back all at once. */
const drainTime = 3_000

/** The process ends this long after the signal, in ms, whatever still hangs: process managers kill after 5 to 10 s. */
const hardStop = 4_500

export interface ServeOptions extends Omit<ServerOptions, 'channels' | 'onError'> {
  readonly public?: readonly string[]
  /** How many processes serve connections. @default 1: this one */
  readonly workers?: number
  readonly json?: boolean
}

/** A hub that listens, in this process or in several. */
export interface Serving {
  readonly url: string
  /** Said to be listening: now it may tell more. */
  begin(): void
  subscribers(): Promise<number>
  close(drain: number): Promise<void>
  /** Ends what would not close. */
  kill(): void
}

/** Runs the standalone hub until a signal comes. Never returns: it ends the process. */
export async function serve(options: ServeOptions): Promise<void> {
  const { public: channels = [], json = false, workers = 1, ...shown } = options
  outliveReader()
  // Who keeps the log on disk counts on a process that stays small. In others the log is in it, or with Redis, and speed comes first.
  if (shown.data !== undefined) keepHeapSmall()
  else keepYoungSmall()
  const all = { ...shown, channels, onError: (error: unknown) => void report(error, json) }
  const serving = workers === 1 ? await startAlone(all) : await startWorkers(workers, all, json)
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })
  const listening = { ...all, url: serving.url, workers }
  say(json ? JSON.stringify(toEvent(listening)) : toBanner(listening))
  serving.begin()

  const signal = await stopped
  for (const again of ['SIGINT', 'SIGTERM'] as const) {
    process.on(again, () => {
      serving.kill()
      process.exit(exitCodes.failed)
    })
  }
  // Not unref'ed: a close that waits for nothing the event loop knows would end the process with Node's own code, 13.
  setTimeout(() => {
    const { code, message } = new MillraceError('internal', 'Something would not close in time. It was left to itself.')
    printError(json ? JSON.stringify({ event: 'warning', code, message }) : `warning: ${message}`)
    serving.kill()
    process.exit(exitCodes.ok)
  }, hardStop)
  const subscribers = await serving.subscribers()
  say(json ? JSON.stringify({ event: 'closing', signal, subscribers }) : closingLine(signal, subscribers))
  await serving.close(drainTime)
  say(json ? JSON.stringify({ event: 'closed' }) : 'closed')
  process.exit(exitCodes.ok)
}

async function startAlone(options: ServerOptions): Promise<Serving> {
  const { url, hub, close } = await startServer(options)
  return { url, begin: () => {}, subscribers: async () => hub.subscribers, close, kill: () => {} }
}
