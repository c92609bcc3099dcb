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
 * have; and an `e` and a `k` where it has an event and a key. These follow on a line each, and then the data as they are.
 */

/** @throws {SyntaxError} for what the script did not write */
export function parseAnnouncement(text: string): Entry[] {
  const end = endOfLine(text, 0)
  const space = text.indexOf(' ')
  if (space < 0 || space > end) throw malformed(text)
  const channels = toList(text.slice(0, space))
  let prev: readonly (Position | null)[] = toList(text.slice(space + 1, end)).map(toPosition)
  if (prev.length !== channels.length) throw malformed(text)
  const entries: Entry[] = []
  for (let at = end + 1; at <= text.length; ) {
    const head = endOfLine(text, at)
    const gap = text.indexOf(' ', at)
    if (gap < 0 || gap > head) throw malformed(text)
    const position = toPosition(text.slice(at, gap))
    const form = text.slice(gap + 1, head)
    at = head + 1
    let event: string | undefined
    let key: string | undefined
    let last = form.length - 1
    // From behind, and read in the order in which they stand.
    const hasKey = form[last] === 'k'
    if (hasKey) last--
    if (form[last] === 'e') {
      const close = endOfLine(text, at)
      event = text.slice(at, close)
      at = close + 1
    }
    if (hasKey) {
      const close = endOfLine(text, at)
      key = text.slice(at, close)
      at = close + 1
    }
    let close = text.indexOf('\n', at)
    for (let more = Number.parseInt(form, 10); more > 0 && close >= 0; more--) close = text.indexOf('\n', close + 1)
    if (close < 0) close = text.length
    entries.push({ position, prev, channels, data: text.slice(at, close), event, key })
    at = close + 1
    if (at <= text.length) prev = prev.length === 1 ? [position] : prev.map((before) => before && position)
  }
  return entries
}

/** What another program has published by itself, on one channel: nobody keeps it. */
export function toRelayed(channel: string, data: string): Entry {
  return { position: null, prev: [null], channels: [channel], data }
}

/** Most have one item. */
function toList(text: string): string[] {
  return text.includes(',') ? text.split(',') : [text]
}

function toPosition(text: string): Position | null {
  return text === '-' ? null : text
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  if (end < 0) throw malformed(text)
  return end
}

function malformed(text: string): SyntaxError {
  return new SyntaxError(`This is no announcement: ${JSON.stringify(text.slice(0, 100))}`)
}
