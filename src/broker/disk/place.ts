import type { Position } from '../port.ts'

/** A position as the two numbers that order it in a table. */
export type Place = readonly [ms: number, seq: number]

export function toPlace(position: Position): Place {
  const dash = position.indexOf('-')
  return [Number(position.slice(0, dash)), Number(position.slice(dash + 1))]
}
