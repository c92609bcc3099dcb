import { parseTrace } from '../../base/trace.ts'
import type { LogView, Slice } from '../page.ts'
import type { Entry, Position } from '../port.ts'
import { forgottenAt } from '../position.ts'
import type { Timeline } from '../timeline.ts'

/** What the script's `read` answers; see `read-script.ts`. */
export type ReadReply = readonly [
  start: Position,
  head: Position,
  time: string,
  ...slices: SliceReply[],
  timelines: string,
]
type SliceReply = readonly [last: Position | null, complete: number, entries: readonly EntryReply[]]
type EntryReply = readonly [id: Position, fields: readonly string[]]

/** @param horizon In ms, by the clock of the server that answered. */
export function toView(reply: ReadReply, horizon: number): LogView {
  const [start, head, time] = reply
  return {
    start,
    head,
    forgotten: forgottenAt(Number(time), horizon, start),
    timelines: toTimelines(String(reply.at(-1))),
  }
}

/** What was read of the channel with this index. */
export function toSlice(reply: ReadReply, channel: string, index: number): Slice {
  const [last, complete, entries] = sliceAt(reply, index) ?? [null, 1, []]
  return { entries: entries.map((entry) => toEntry(channel, entry)), complete: complete === 1, last: last ?? undefined }
}

function toTimelines(text: string): readonly Timeline[] {
  return text
    .split(' ')
    .filter((line) => line !== '')
    .map((line) => {
      const [tag, begin = '', parent = ''] = line.split(':')
      return { tag: Number(tag), begin, parent }
    })
}

/** By index, because to take the rest of a long reply for each of its channels would copy it as often. */
function sliceAt(reply: ReadReply, index: number): SliceReply | undefined {
  return reply[index + 3] as SliceReply | undefined
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
    trace: parseTrace(values.get('t')),
  }
}
