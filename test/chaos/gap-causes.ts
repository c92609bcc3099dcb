import type { Copies } from './copies.ts'
import type { Eras } from './eras.ts'
import { isAfter } from './place.ts'
import type { Story, ToldGap } from './story.ts'
import type { Violation } from './violation.ts'

export interface Causes {
  readonly copies: Copies
  readonly eras: Eras
  /** Messages that each channel keeps. */
  readonly history: number
}

/** A hub hears of a lost log when it has a connection again. Until then it goes by the one that it knew, ms. */
const longestUnheard = 3_000

/** The gaps that nothing explains. */
export function checkGaps({ reader, gaps }: Story, causes: Causes): Violation[] {
  const violations: Violation[] = []
  /** Causes that were told: a boundary on a connection, or a cursor. Only a connection that dropped is told again. */
  const told = new Set<string>()
  for (const gap of gaps) {
    for (const channel of gap.channels) {
      const explanations = explain(gap, channel, causes)
      const fresh = explanations.find((cause) => !told.has(`${channel} ${cause}`))
      if (fresh !== undefined) {
        // Only the one: what comes over a slow wire may be explained by a later loss as well, which is told in its turn.
        told.add(`${channel} ${fresh}`)
        continue
      }
      const why = explanations.length === 0 ? 'nothing explains it' : 'it was told before'
      const text = `reader ${reader} at ${gap.cursor ?? 'no place'} was told the gap ${gap.reason} on ${channel}: ${why}`
      violations.push({ rule: 'gap', reader, index: gap.index, text })
    }
  }
  return violations
}

function explain(gap: ToldGap, channel: string, { copies, eras, history }: Causes): string[] {
  const { reason, cursor, connection, index, since, sinceAt } = gap
  if (reason === 'expired') {
    const later = [...copies.published.values()].filter(
      (published) => published.index < index && published.channels.includes(channel) && isLater(published.message),
    )
    return later.length > history ? [`${connection} after ${cursor}`] : []
  }
  if (reason !== 'lost') return []
  return eras.boundaries.flatMap((boundary, era) => {
    if (!boundary.isLoss || boundary.index > index) return []
    // It had seen what is lost; or its hub had, while it was connected there, and did not know it yet.
    const hasSeen =
      cursor !== undefined &&
      eras.of(cursor) <= era &&
      (boundary.shared === undefined || isAfter(cursor, boundary.shared))
    const wasThere = since < boundary.index || sinceAt < boundary.at + longestUnheard
    return hasSeen || wasThere ? [`${connection} boundary ${era}`] : []
  })

  /** Unless it is known to stand before the cursor. */
  function isLater(message: number): boolean {
    const places = copies.of(message)
    return places.length === 0 || places.some(({ position }) => isAfter(position, cursor))
  }
}
