import { type ChannelGap, type Entry, type Page, type PageLimit, type Position, prevIn } from './port.ts'
import { clampTime, comparePositions } from './position.ts'
import { partedAt, type Timeline } from './timeline.ts'

/** A log as one read of it finds it. */
export interface LogView {
  readonly start: Position
  readonly head: Position
  /** Up to here a channel without a record may have had messages that nobody remembers. */
  readonly forgotten: Position
  /** Who has written it, in order; the last one is writing it now. */
  readonly timelines: readonly Timeline[]
}

/** Where the reading of a log begins. */
export interface Place {
  readonly after: Position
  /** The cursor is not of this log, or of a part of it that was lost: nobody can tell what followed it there. */
  readonly isLost: boolean
}

/** The place of a cursor in a log. */
export function placeOf({ start, head, timelines }: LogView, cursor: Position): Place {
  const after = clampTime(cursor, start, head)
  if (comparePositions(after, start) < 0) return { after: start, isLost: true }
  const parted = partedAt(timelines, head, after)
  return { after: parted ?? after, isLost: parted !== undefined }
}

/** What a log has of one channel after a cursor. */
export interface Slice {
  /** In order of position. */
  readonly entries: readonly Entry[]
  /** Whether these are all up to the head; if not there is at least one entry. */
  readonly complete: boolean
  /** The last position that the channel has had, whether or not it is kept; undefined where there is no record. */
  readonly last: Position | undefined
}

interface GapSlice extends Slice {
  /** What the cursor has missed of the channel. */
  readonly gap: ChannelGap | undefined
}

/** The next page for a cursor, of what `sliceOf` has of each channel after its place. */
export function toPage(
  view: LogView,
  cursor: Position,
  channels: readonly string[],
  limit: PageLimit,
  sliceOf: (channel: string, after: Position, index: number) => Slice,
): Page {
  const { after, isLost } = placeOf(view, cursor)
  const slices = channels.map((channel, index): GapSlice => {
    const slice = sliceOf(channel, after, index)
    const [first] = slice.entries
    // What was forgotten may be up to a time that the log has not come to.
    const prev = (first && prevIn(first, channel)) ?? slice.last ?? earlier(view.forgotten, view.head)
    return { ...slice, gap: isLost ? { channel, reason: 'lost' } : expiredGap(channel, after, prev) }
  })
  return mergePage(slices, view.head, limit)
}

/**
 * Merges the slices of several channels into the next page.
 *
 * Past the last entry of an incomplete slice nothing may be given: an entry that is still missing there could be earlier. A gap is
 * named at once, and not when it is passed: a reader that leaves in the midst of it may go on where more is kept, in another hub's
 * memory, and would never be told.
 */
function mergePage(slices: readonly GapSlice[], head: Position, limit: PageLimit): Page {
  const bound = slices.reduce((lowest, slice) => {
    const last = slice.complete ? undefined : slice.entries.at(-1)?.position
    return last != null && comparePositions(last, lowest) < 0 ? last : lowest
  }, head)
  const candidates = slices
    .flatMap((slice) => slice.entries)
    .filter(({ position }) => position !== null && comparePositions(position, bound) <= 0)
    .sort((a, b) => comparePositions(a.position ?? '', b.position ?? ''))

  const entries: Entry[] = []
  let bytes = 0
  let last: Position | null = null
  let full = false
  for (const entry of candidates) {
    if (entry.position === last) continue
    if (entries.length >= limit.entries || bytes >= limit.bytes) {
      full = true
      break
    }
    entries.push(entry)
    bytes += entry.data.length
    last = entry.position
  }
  const next = full && last !== null ? last : bound
  const done = !full && slices.every((slice) => slice.complete)
  const gaps = slices.map(({ gap }) => gap).filter((gap) => gap !== undefined)
  return { entries, gaps, next, done }
}

function expiredGap(channel: string, after: Position, prev: Position): ChannelGap | undefined {
  return comparePositions(prev, after) > 0 ? { channel, reason: 'expired', until: prev } : undefined
}

function earlier(a: Position, b: Position): Position {
  return comparePositions(a, b) < 0 ? a : b
}
