import { mergePage, type Slice } from '../page.ts'
import type { Entry, Page, PageLimit, Position } from '../port.ts'
import { clampTime, comparePositions, positionAt } from '../position.ts'

/** What the script's `read` answers; see `script.ts`. */
export type ReadReply = readonly [start: Position, head: Position, time: string, ...slices: SliceReply[]]
type SliceReply = readonly [last: Position | null, complete: number, entries: readonly EntryReply[]]
type EntryReply = readonly [id: Position, fields: readonly string[]]

interface ReadContext {
  readonly cursor: Position
  readonly channels: readonly string[]
  readonly limit: PageLimit
  /** How long a channel without messages is remembered, in ms. */
  readonly horizon: number
}

export function toPage(
  [start, head, time, ...replies]: ReadReply,
  { cursor, channels, limit, horizon }: ReadContext,
): Page {
  const after = clampTime(cursor, start, head)
  if (comparePositions(after, head) > 0) {
    // A cursor ahead of the log is from a log that was lost; it has seen things that this one never had.
    return { entries: [], gaps: channels.map((channel) => ({ channel, reason: 'lost' })), next: head, done: true }
  }
  const isLost = comparePositions(after, start) < 0
  const oldest = positionAt(Number(time) - horizon)
  const forgotten = comparePositions(oldest, start) > 0 ? oldest : start
  const slices = channels.map((channel, index): Slice => {
    const [last, complete, found] = replies[index] ?? [null, 1, []]
    const entries = found.map((reply) => toEntry(channel, reply))
    const prev = entries[0]?.prev[entries[0].channels.indexOf(channel)] ?? last ?? forgotten
    const gap = isLost ? 'lost' : comparePositions(prev, after) > 0 ? 'expired' : undefined
    return { channel, entries, complete: complete === 1, gap }
  })
  return mergePage(slices, head, limit)
}

function toEntry(channel: string, [position, fields]: EntryReply): Entry {
  const values = new Map<string, string>()
  for (let index = 0; index + 1 < fields.length; index += 2) values.set(fields[index] ?? '', fields[index + 1] ?? '')
  const all = values.get('c')
  const channels: readonly string[] = all === undefined ? [channel] : JSON.parse(all)
  return {
    position,
    channels,
    prev: all === undefined ? [values.get('p') ?? null] : JSON.parse(values.get('v') ?? '[]'),
    data: values.get('d') ?? '',
    event: values.get('e'),
    key: values.get('k'),
  }
}
