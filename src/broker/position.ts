import type { Position } from './port.ts'

/**
 * Positions of the form `<ms>-<seq>`: the form of a Redis stream id, shared by the brokers whose log is ordered by time.
 *
 * Only these brokers know the form; everything above compares positions through the port.
 */

const form = /^(\d{1,15})-(\d{1,15})$/

/** Orders two positions as `Array.prototype.sort` wants it. */
export function comparePositions(a: Position, b: Position): number {
  if (a === b) return 0
  const dashA = a.indexOf('-')
  const dashB = b.indexOf('-')
  // Numbers of one length order as their text does, and almost all positions have 13 digits of milliseconds.
  if (dashA === dashB && a.length === b.length) return a < b ? -1 : 1
  return (
    Number(a.slice(0, dashA)) - Number(b.slice(0, dashB)) || Number(a.slice(dashA + 1)) - Number(b.slice(dashB + 1))
  )
}

/** The position that `text` from outside spells, without leading zeros, or undefined where it spells none. */
export function parsePosition(text: string): Position | undefined {
  const found = form.exec(text)
  return found === null ? undefined : `${Number(found[1])}-${Number(found[2])}`
}

/** The position before everything that is published in or after the millisecond `ms`. */
export function positionAt(ms: number): Position {
  return `${Math.max(0, Math.floor(ms))}-0`
}

/**
 * Whether a position is only a time: no entry and no log's start has the number 0.
 *
 * Who comes with a time has not seen anything, so nothing can have been lost since.
 */
export function isTime(position: Position): boolean {
  return position.endsWith('-0')
}

/** The cursor as a place in a log from `start` to `head`: a time outside is moved to the end that it is nearer to. */
export function clampTime(cursor: Position, start: Position, head: Position): Position {
  if (!isTime(cursor)) return cursor
  if (comparePositions(cursor, start) < 0) return start
  return comparePositions(cursor, head) > 0 ? head : cursor
}

/** Up to where a log that began at `start` may have forgotten channels: `horizon` ms ago, if it is as old as that. */
export function forgottenAt(now: number, horizon: number, start: Position): Position {
  const oldest = positionAt(now - horizon)
  return comparePositions(oldest, start) > 0 ? oldest : start
}
