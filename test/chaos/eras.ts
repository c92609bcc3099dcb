import type { Boundary } from './history.ts'
import { compare, msOf } from './place.ts'

/**
 * The logs that there were, one after the other, and what each has of the ones before.
 *
 * All run on one machine, so that a position's milliseconds say in which log it was given: each began after the one before had ended.
 */
export class Eras {
  readonly boundaries: readonly (Boundary & { readonly index: number; readonly at: number })[]

  constructor(boundaries: readonly (Boundary & { readonly index: number; readonly at: number })[]) {
    this.boundaries = boundaries
  }

  get last(): number {
    return this.boundaries.length
  }

  /** The log in which the position was given, from 0. */
  of(position: string): number {
    const ms = msOf(position)
    const next = this.boundaries.findIndex((boundary) => ms <= boundary.ms)
    return next < 0 ? this.last : next
  }

  /** The first log that does not have the position any more; undefined where the last one has it. */
  endOf(position: string): number | undefined {
    const first = this.of(position)
    const cut = this.boundaries.findIndex((boundary, index) => index >= first && isBeyond(position, boundary))
    return cut < 0 ? undefined : cut + 1
  }

  isIn(position: string, era: number): boolean {
    return this.of(position) <= era && era < (this.endOf(position) ?? Number.POSITIVE_INFINITY)
  }

  /** Whether the log that lost it had others who have all of it up to a place: a failover. */
  isLostInFailover(position: string): boolean {
    const end = this.endOf(position)
    return end !== undefined && this.boundaries[end - 1]?.shared !== undefined
  }
}

function isBeyond(position: string, { shared }: Boundary): boolean {
  return shared === undefined || compare(position, shared) > 0
}
