import type { GapReason } from '../sse/control.ts'
import type { ChannelGap, Entry, Page, PageLimit, Position } from './port.ts'
import { comparePositions } from './position.ts'

/** What a log has of one channel after a cursor. */
export interface Slice {
  readonly channel: string
  /** In order of position. */
  readonly entries: readonly Entry[]
  /** Whether these are all up to the head; if not there is at least one entry. */
  readonly complete: boolean
  /** Why the first entry, or the head where there is none, does not follow on the cursor. */
  readonly gap: GapReason | undefined
}

/**
 * Merges the slices of several channels into the next page.
 *
 * Past the last entry of an incomplete slice nothing may be given: an entry that is still missing there could be earlier. A gap
 * belongs to the page of the entry before which it opens, so a reader of many pages is told once.
 */
export function mergePage(slices: readonly Slice[], head: Position, limit: PageLimit): Page {
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
  const gaps: ChannelGap[] = []
  for (const { channel, gap, entries: own } of slices) {
    if (gap === undefined) continue
    // A lost log is lost at the cursor itself, whatever the channel has had since.
    const opens = gap === 'lost' ? next : (own[0]?.position ?? head)
    if (comparePositions(opens, next) <= 0) gaps.push({ channel, reason: gap })
  }
  return { entries, gaps, next, done }
}
