import type { Recorded } from './history.ts'
import type { Run } from './run.ts'
import type { Violation } from './violation.ts'

/** How much of a story is shown. */
const before = 12
const after = 6

export interface Figures {
  readonly profile: string
  readonly seed: number
  readonly seconds: number
  readonly published: number
  readonly acknowledged: number
  readonly retried: number
  readonly givenUp: number
  readonly readers: number
  readonly connections: number
  readonly received: number
  readonly late: number
  readonly megabytes: number
  readonly faults: Readonly<Record<string, number>>
  /** By reason: how often a reader was told. */
  readonly gaps: Readonly<Record<string, number>>
  readonly violations: Readonly<Record<string, number>>
}

export function toFigures({ profile, seed, seconds, history, violations }: Run): Figures {
  const { events } = history
  const of = <T extends Recorded['type']>(type: T) =>
    events.filter((event): event is Extract<Recorded, { type: T }> => event.type === type)
  const received = of('message')
  const bytes = new Map(of('publish').map((event) => [event.message, event.bytes]))
  return {
    profile,
    seed,
    seconds,
    published: bytes.size,
    acknowledged: new Set(of('acknowledged').map(({ message }) => message)).size,
    retried: of('unsure').length,
    givenUp: of('given-up').length,
    readers: new Set(of('connect').map(({ reader }) => reader)).size,
    connections: of('open').length,
    received: received.length,
    late: received.filter(({ id }) => id === undefined).length,
    megabytes: Math.round(received.reduce((sum, { message }) => sum + (bytes.get(message) ?? 0), 0) / 1e6),
    faults: count(of('fault').map(({ kind }) => kind)),
    gaps: count(of('gap').map(({ reason }) => reason)),
    violations: count(violations.map(({ rule }) => rule)),
  }
}

/** One line of figures, and one of what happened. */
export function toText(figures: Figures): string {
  const { profile, seed, seconds, faults, gaps, violations, ...numbers } = figures
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, number]) => `${number} ${name}`)
      .join(', ') || 'none'
  return [
    `${profile}, seed ${seed}, ${seconds} s: ${list(numbers)}`,
    `  faults: ${list(faults)}; gaps: ${list(gaps)}; violations: ${list(violations)}`,
  ].join('\n')
}

/** A violation with what happened around it to those whom it concerns, a line for each event. */
export function tell(violation: Violation, { history }: Run): string {
  const { rule, text, reader, message, index } = violation
  const isOfReader = (event: Recorded) => reader === undefined || !('reader' in event) || event.reader === reader
  const story = history.events.flatMap((event, at) => {
    const isOwn = 'message' in event && event.message === message && isOfReader(event)
    const isFrame = reader !== undefined && isOfReader(event) && 'reader' in event
    const isFault = event.type === 'fault' || event.type === 'healed' || event.type === 'boundary'
    return isOwn || isFrame || isFault ? [{ event, at, isOwn }] : []
  })
  const found = story.findIndex(({ at, isOwn }) => (index === undefined ? isOwn : at >= index))
  const part = story.filter(({ isOwn }, at) => isOwn || (found >= 0 && at >= found - before && at <= found + after))
  return [`${rule}: ${text}`, ...part.map(({ event, at }) => `    ${at} ${JSON.stringify(event)}`)].join('\n')
}

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
