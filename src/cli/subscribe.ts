import { controlEvents, controlPrefix, parseGap } from '../sse/control.ts'
import type { ParsedEvent } from '../sse/parse.ts'
import { follow } from './follow.ts'
import { endWithReader, paint, print, printable, printError } from './output.ts'

export interface SubscribeOptions {
  readonly url: string
  readonly since?: string
  readonly lastEventId?: string
  readonly count?: number
  readonly json?: boolean
}

/** Prints messages until there were `count`, or a signal comes. */
export async function subscribe(channels: readonly string[], options: SubscribeOptions): Promise<void> {
  const { url, since, lastEventId, count = Number.POSITIVE_INFINITY, json = false } = options
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  endWithReader()

  const stream = follow({
    url,
    channels,
    since,
    lastEventId,
    signal: stop.signal,
    onOpen: () => note({ event: 'open' }, `subscribed to ${channels.join(', ')}`, json),
    onLost: (why, ms) =>
      note({ event: 'lost', why, ms }, `lost: ${why}; connecting again in ${(ms / 1000).toFixed(1)} s`, json),
  })
  let seen = 0
  for await (const event of stream) {
    if (event.event === controlEvents.gap) {
      const gap = parseGap(event.data)
      const text = `gap: messages on ${gap.channels.join(', ')} can no longer be had (${gap.reason})`
      note({ event: 'gap', ...gap }, text, json)
    } else if (!event.event.startsWith(controlPrefix)) {
      await print(json ? toJsonLine(event) : toLine(event))
      if (++seen >= count) return
    }
  }
}

/** What is not a message goes to stderr. */
function note(value: object, text: string, json: boolean): void {
  printError(json ? JSON.stringify(value) : paint('yellow', printable(text), process.stderr))
}

function toLine({ event, channels, data }: ParsedEvent): string {
  const parts = [
    paint('dim', new Date().toTimeString().slice(0, 8)),
    paint('cyan', printable(channels.join(','))),
    ...(event === 'message' ? [] : [paint('magenta', printable(event))]),
    printable(data),
  ]
  return parts.join('  ')
}

/** Data that is JSON stands there as it came: parsed and written again, a number could lose digits. */
function toJsonLine({ id, event, channels, data }: ParsedEvent): string {
  // Between its tokens JSON may have line feeds, and within them it has none.
  const json = isJson(data) ? data.replaceAll('\n', ' ') : JSON.stringify(data)
  return `${JSON.stringify({ id, event, channels }).slice(0, -1)},"data":${json}}`
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // The parser's complaint is the answer.
    return false
  }
}
