import type { Position } from './port.ts'
import { comparePositions, isTime } from './position.ts'

/**
 * One stretch of a log's history: what one server process wrote of it.
 *
 * Whoever comes to write a log that others have written begins a timeline, which branches from the one before at the last
 * position that it found. What the one before had given after that (a failover to a replica that was behind, a restart that lost
 * the last second, a backup that was restored) is on a branch that was lost; and because each position names its timeline, a
 * cursor on that branch is known for what it is, also when the new timeline has long gone past it.
 *
 * The word is PostgreSQL's, and so is the idea of a history that is kept with the log.
 */
export interface Timeline {
  /** 1 to 999,999; not that of another timeline that is still remembered. */
  readonly tag: number
  /** Its first position. */
  readonly begin: Position
  /** The last position of the timeline before that is shared with it. */
  readonly parent: Position
}

/** How many timelines a log remembers. A cursor from before them cannot be vouched for. */
export const maxTimelines = 100

/**
 * Of a position's number within its millisecond the last six digits are the tag of its timeline. With three, readers of a Redis
 * that failed over a hundred times met two timelines of one tag.
 */
export const tagScale = 1_000_000

/** The tag of the timeline that gave the position; 0 for a time, which none gave. */
export function timelineOf(position: Position): number {
  return Number(position.slice(position.indexOf('-') + 1)) % tagScale
}

/** The first position of a log that begins now: before all its entries, and a place in it, as a reader may be told it. */
export function startAt(ms: number, tag: number): Position {
  return `${Math.floor(ms)}-${tagScale + tag}`
}

/** The position after `last`: now, or, where the clock has not moved on (or went back), the next number of that millisecond. */
export function nextPosition(last: Position, now: number, tag: number): Position {
  const dash = last.indexOf('-')
  const ms = Number(last.slice(0, dash))
  // From 1, so that `<ms>-0` is before all of its millisecond.
  const number = now > ms ? 1 : Math.floor(Number(last.slice(dash + 1)) / tagScale) + 1
  return `${Math.max(now, ms)}-${number * tagScale + tag}`
}

/** A tag for a new timeline, by chance, so that two that branch from one log apart from each other are told apart too. */
export function newTag(timelines: readonly Timeline[]): number {
  const taken = new Set(timelines.map(({ tag }) => tag))
  for (;;) {
    const tag = 1 + Math.floor(Math.random() * (tagScale - 1))
    if (!taken.has(tag)) return tag
  }
}

/**
 * Where a reader whose cursor is on a branch that was lost goes on: where the branches parted. Undefined for a cursor that the
 * log can vouch for.
 */
export function partedAt(timelines: readonly Timeline[], head: Position, cursor: Position): Position | undefined {
  if (isTime(cursor)) return undefined
  const tag = timelineOf(cursor)
  const own = timelines.findLastIndex(
    (timeline) => timeline.tag === tag && comparePositions(timeline.begin, cursor) <= 0,
  )
  // Nobody knows any more, or ever did, where its branch began: what was published later is after it in time at least.
  if (own < 0) return comparePositions(cursor, head) > 0 ? head : cursor
  const end = timelines[own + 1]?.parent ?? head
  return comparePositions(cursor, end) > 0 ? end : undefined
}
