import { parseTrace, type Trace } from '../../base/trace.ts'
import type { Entry, Position } from '../port.ts'

/**
 * What `batch-script.ts` publishes on `live:CHANNEL`: messages that were appended together, one after the other, on the same channels.
 *
 *     messages,rooms.1 1763791230000-2472042,1763791230000-2472042
 *     1763791234567-1472042 0e
 *     NewMessage
 *     {"message":"Hello"}
 *     1763791234567-2472042 0
 *     {"message":"Hello again"}
 *
 * The first line has the channels, and for each the position before the first of these messages, or `-` where the channel does not
 * keep it. Each message begins with a line of its own: the position, or `-` where nothing keeps it; how many line feeds its data
 * have; and an `e`, a `k` and a `t` where it has an event, a key and a trace (JSON). These follow on a line each, and then the data as they are.
 */

/**
 * Each text is read from the bytes by itself: a part of one long text would keep all of that in memory, for as long as one of its
 * messages waits for a slow reader.
 *
 * @throws {SyntaxError} for what the script did not write
 */
export function parseAnnouncement(bytes: Buffer): Entry[] {
  const end = endOfLine(bytes, 0)
  const [names = '', befores = '', ...more] = bytes.toString('utf8', 0, end).split(' ')
  const channels = toList(names)
  let prev: readonly (Position | null)[] = toList(befores).map(toPosition)
  if (more.length > 0 || befores === '' || prev.length !== channels.length) throw malformed(bytes)
  const entries: Entry[] = []
  for (let at = end + 1; at <= bytes.length; ) {
    const head = endOfLine(bytes, at)
    const line = bytes.toString('latin1', at, head)
    const space = line.indexOf(' ')
    if (space < 1) throw malformed(bytes)
    const position = toPosition(line.slice(0, space))
    at = head + 1
    let event: string | undefined
    let key: string | undefined
    let trace: Trace | undefined
    if (line.includes('e', space)) {
      const close = endOfLine(bytes, at)
      event = bytes.toString('utf8', at, close)
      at = close + 1
    }
    if (line.includes('k', space)) {
      const close = endOfLine(bytes, at)
      key = bytes.toString('utf8', at, close)
      at = close + 1
    }
    if (line.endsWith('t')) {
      const close = endOfLine(bytes, at)
      trace = parseTrace(bytes.toString('utf8', at, close))
      at = close + 1
    }
    let close = bytes.indexOf(lineFeed, at)
    for (let left = Number.parseInt(line.slice(space + 1), 10); left > 0 && close >= 0; left--)
      close = bytes.indexOf(lineFeed, close + 1)
    if (close < 0) close = bytes.length
    entries.push({ position, prev, channels, data: bytes.toString('utf8', at, close), event, key, trace })
    at = close + 1
    if (at <= bytes.length) prev = prev.length === 1 ? [position] : prev.map((before) => before && position)
  }
  return entries
}

/** What another program has published by itself, on one channel: nobody keeps it. */
export function toRelayed(channel: string, data: string): Entry {
  return { position: null, prev: [null], channels: [channel], data }
}

const lineFeed = 0x0a

/** Most have one item. */
function toList(text: string): string[] {
  return text.includes(',') ? text.split(',') : [text]
}

function toPosition(text: string): Position | null {
  return text === '-' ? null : text
}

function endOfLine(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(lineFeed, from)
  if (end < 0) throw malformed(bytes)
  return end
}

function malformed(bytes: Buffer): SyntaxError {
  return new SyntaxError(`This is no announcement: ${JSON.stringify(bytes.toString('utf8', 0, 100))}`)
}
