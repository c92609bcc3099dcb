import type { Eras } from './eras.ts'
import type { Recorded } from './history.ts'
import { compare } from './place.ts'
import type { Violation } from './violation.ts'

/** A message as it stands in a log. It has more than one, where a log was lost and it was published again. */
export interface Copy {
  readonly message: number
  readonly position: string
  readonly channels: readonly string[]
}

export type Published = Extract<Recorded, { type: 'publish' }> & { readonly index: number }

/** What is known to have been in the logs, by acknowledgements and by what readers saw. */
export interface Copies {
  /** In order of position. */
  readonly all: readonly Copy[]
  readonly published: ReadonlyMap<number, Published>
  readonly violations: readonly Violation[]
  /** Of each message, in order of position. */
  of(message: number): readonly Copy[]
}

export function toCopies(events: readonly Recorded[], eras: Eras): Copies {
  const published = new Map<number, Published>()
  const byPosition = new Map<string, Copy>()
  const byMessage = new Map<number, Copy[]>()
  const violations: Violation[] = []

  const add = (message: number, position: string, index: number) => {
    const known = byPosition.get(position)
    if (known?.message === message) return
    if (known !== undefined) {
      const text = `${position} was message ${known.message}, and is message ${message}`
      violations.push({ rule: 'position', message, index, text })
      return
    }
    const { channels = [] } = published.get(message) ?? {}
    const copy = { message, position, channels }
    byPosition.set(position, copy)
    byMessage.set(message, [...(byMessage.get(message) ?? []), copy])
  }

  events.forEach((event, index) => {
    if (event.type === 'publish') published.set(event.message, { ...event, index })
    else if (event.type === 'acknowledged') {
      if (isPosition(event.position)) add(event.message, event.position, index)
      else {
        const text = `message ${event.message} was acknowledged with ${event.position}, which is no position`
        violations.push({ rule: 'odd', message: event.message, index, text })
      }
    } else if (event.type === 'message' && event.id !== undefined && published.has(event.message)) {
      add(event.message, event.id, index)
    }
  })

  for (const copies of byMessage.values()) {
    copies.sort((a, b) => compare(a.position, b.position))
    copies.forEach((copy, at) => {
      const before = copies[at - 1]
      if (before === undefined || !eras.isIn(before.position, eras.of(copy.position))) return
      const text = `message ${copy.message} has two positions in one log: ${before.position} and ${copy.position}`
      violations.push({ rule: 'position', message: copy.message, text })
    })
  }
  const all = [...byPosition.values()].sort((a, b) => compare(a.position, b.position))
  return { all, published, violations, of: (message) => byMessage.get(message) ?? [] }
}

/** What was acknowledged before a message was first published stands before it. */
export function checkPublishing(events: readonly Recorded[], copies: Copies, eras: Eras): Violation[] {
  const violations: Violation[] = []
  /** For each message, the highest position that had been acknowledged when it was first published. */
  const floors = new Map<number, string>()
  let highest: string | undefined
  events.forEach((event, index) => {
    const { message } = event as { message?: number }
    if (event.type === 'publish') {
      if (highest !== undefined) floors.set(event.message, highest)
    } else if (event.type === 'acknowledged' && isPosition(event.position)) {
      if (highest === undefined || compare(event.position, highest) > 0) highest = event.position
    } else if (event.type === 'never-answered') {
      const text = `message ${message} was not acknowledged, long after the faults were over`
      violations.push({ rule: 'stuck', message, index, text })
    } else if (event.type === 'odd') {
      violations.push({ rule: 'odd', message, reader: event.reader, index, text: event.what })
    }
  })
  for (const { message, position } of copies.all) {
    const floor = floors.get(message)
    if (floor === undefined || compare(position, floor) > 0 || !eras.isIn(floor, eras.of(position))) continue
    const text = `message ${message} has the position ${position}; ${floor} had been acknowledged before it was published`
    violations.push({ rule: 'order', message, text })
  }
  return violations
}

export function isPosition(text: string): boolean {
  return /^\d+-\d+$/.test(text)
}
