// @ts-check
import { columnsOf } from './columns.js'
import { markdown } from './markdown.js'

/** @typedef {import('./measure.js').Measurement} Measurement */

/**
 * A case with all its measurements.
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {Measurement[]} runs
 * @property {string[]} failures of runs that had to be right
 * @property {string[]} notes why it was not measured, or what went wrong where nothing was promised
 */

/**
 * The medians of a case, over its runs.
 *
 * @param {readonly Measurement[]} runs
 */
export function mediansOf(runs) {
  const over = (/** @type {(run: Measurement) => number | undefined} */ pick) =>
    median(runs.flatMap((run) => pick(run) ?? []))
  return {
    rate: over(({ deliveries, seconds }) => deliveries && deliveries / seconds),
    cpuPerDelivery: over(
      ({ cpu, deliveries, seconds }) => deliveries && ((cpu.server ?? 0) * seconds * 1e6) / deliveries,
    ),
    cpuPerConnection: over(({ cpu, seconds, clients }) => ((cpu.server ?? 0) * seconds * 1e6) / clients),
    answeredHalf: over(({ answers }) => answers?.p50),
    answeredMost: over(({ answers }) => answers?.p99),
    answeredAll: over(({ answers }) => answers?.max),
    done: over(({ seconds }) => seconds * 1000),
    retries: over(({ retries }) => retries),
    together: over(({ pieces, deliveries }) => pieces && (deliveries ?? 0) / pieces),
    wirePerDelivery: over(({ bytes, deliveries }) => deliveries && (bytes ?? 0) / deliveries),
    isCompressed: over(({ encoding }) => Number(encoding === 'gzip')),
    share: over(({ expected, received }) => (100 * received) / expected),
    server: over(({ cpu }) => cpu.server),
    redis: over(({ cpu }) => cpu.redis),
    load: over(({ cpu }) => cpu.load),
    others: over(({ cpu }) => cpu.others),
    p50: over(({ latency }) => latency?.p50),
    p90: over(({ latency }) => latency?.p90),
    p99: over(({ latency }) => latency?.p99),
    max: over(({ latency }) => latency?.max),
    lag: over(({ lag }) => lag?.p50),
    pss: over(({ memory }) => memory.end && memory.end / 2 ** 20),
    pssBefore: over(({ memory }) => memory.started && memory.started / 2 ** 20),
    perConnection: over(({ memory, clients }) => memory.end && (memory.end - (memory.started ?? 0)) / clients / 1024),
  }
}

/** @typedef {ReturnType<typeof mediansOf>} Medians */

/**
 * A table in Markdown.
 *
 * @param {import('../scenarios.js').Scenario} scenario
 * @param {readonly Row[]} rows
 */
export function toTable(scenario, rows) {
  const columns = columnsOf(scenario)
  const first = rows.find(({ runs }) => runs.length > 0)
  const reference = first && mediansOf(first.runs)
  const lines = rows.map(({ name, runs, failures }) => {
    const medians = mediansOf(runs)
    const cells = columns.map(({ cell }) => (runs.length === 0 ? '-' : cell(medians, reference ?? medians)))
    return [failures.length > 0 ? `${name} FAILED` : name, ...cells]
  })
  const remarks = rows.flatMap(({ name, failures, notes }) => [
    ...notes.map((note) => `- ${name}: ${note}`),
    ...failures.map((failure) => `- ${name} FAILED: ${failure}`),
  ])
  const against = first === undefined ? '' : `Ratios are to ${first.name}.`
  const table = markdown([scenario.name, ...columns.map(({ title }) => title)], lines)
  return [`${scenario.about}. ${against}`, '', table, ...(remarks.length > 0 ? ['', ...remarks] : [])].join('\n')
}

/** @param {readonly number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}
