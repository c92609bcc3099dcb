import type { Prng } from './prng.ts'

/** One thing that goes wrong, and when it is mended, in ms from the beginning of the run. */
export interface Fault {
  readonly kind: string
  readonly at: number
  readonly for: number
  /** Which of several hubs, or wires. */
  readonly which: number
  /** What else there is to choose, from 0 to 1: how much, which part, which direction. */
  readonly dose: number
}

/** Faults that exclude each other follow one another in one lane; lanes go on side by side. */
export interface Lane {
  /** Kinds, and how often each comes in comparison. */
  readonly kinds: Readonly<Record<string, number>>
  /** How many of the same there are. Each has a lane of its own. @default 1 */
  readonly count?: number
  /** Ms of peace between two faults, on average. */
  readonly every: number
  /** The longest that one lasts, in ms. */
  readonly most: number
}

/** The same seed, the same faults at the same times: for each lane, in order. */
export function toSchedule(prng: Prng, lanes: readonly Lane[], duration: number): Fault[][] {
  return lanes.flatMap((lane, index) =>
    Array.from({ length: lane.count ?? 1 }, (_, which) =>
      toLane(prng.fork(`lane ${index} ${which}`), lane, which, duration),
    ),
  )
}

function toLane(prng: Prng, { kinds, every, most }: Lane, which: number, duration: number): Fault[] {
  const bag = Object.entries(kinds).flatMap(([kind, weight]) => Array.from({ length: weight }, () => kind))
  const faults: Fault[] = []
  let at = 500 + prng.int(0, every)
  while (at < duration - 500) {
    const fault = { kind: prng.pick(bag), at, for: prng.int(50, most), which, dose: prng.next() }
    faults.push(fault)
    at += fault.for + prng.int(Math.ceil(every / 2), Math.ceil(every * 1.5))
  }
  return faults
}
