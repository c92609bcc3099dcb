// @ts-check
import { targets, words } from '../targets.js'
import { markdown } from './markdown.js'

/** @typedef {import('../targets.js').Figure} Figure */

/**
 * Which of the targets this run has met; only those are told whose figures it has.
 *
 * @param {(scenario: string, name: string) => Partial<Record<Figure, number | undefined>> | undefined} look
 */
export function toVerdict(look) {
  const lines = targets.flatMap(({ scenario, of, figure, to, most, least }) => {
    const own = look(scenario, of)?.[figure]
    const other = to && look(to.scenario ?? scenario, to.of)?.[figure]
    if (own === undefined || (to !== undefined && other === undefined)) return []
    const value = other === undefined ? own : own / other
    const isMet = value <= (most ?? value) && value >= (least ?? value)
    const against = to === undefined ? '' : ` to ${to.of}${to.scenario === undefined ? '' : ` in ${to.scenario}`}`
    const bound = most === undefined ? `at least ${round(least ?? 0)}` : `at most ${round(most)}`
    return [[scenario, of, `${words[figure] ?? figure}${against}`, bound, round(value), isMet ? 'yes' : 'NO']]
  })
  return lines.length === 0 ? '' : markdown(['scenario', 'case', 'figure', 'bound', 'is', 'met'], lines)
}

/** @param {number} value */
function round(value) {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 })
}
