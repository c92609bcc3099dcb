// @ts-check

/** @typedef {import('./measure.js').Measurement} Measurement */

/**
 * A case with all its measurements, the first of which may have failed.
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {Measurement[]} runs
 * @property {string[]} failures
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
    rate: over(({ deliveries, seconds }) => deliveries / seconds),
    cpuPerDelivery: over(({ cpu, deliveries, seconds }) => ((cpu.server ?? 0) * seconds * 1e6) / deliveries),
    server: over(({ cpu }) => cpu.server),
    redis: over(({ cpu }) => cpu.redis),
    load: over(({ cpu }) => cpu.load),
    others: over(({ cpu }) => cpu.others),
    p50: over(({ latency }) => latency?.p50),
    p90: over(({ latency }) => latency?.p90),
    p99: over(({ latency }) => latency?.p99),
    max: over(({ latency }) => latency?.max),
    lag: over(({ lag }) => lag?.p50),
    pss: over(({ memory }) => memory.after.pss / 2 ** 20),
  }
}

/**
 * A table in Markdown; the last column compares with the first row.
 *
 * @param {'flood' | 'pace'} kind
 * @param {readonly Row[]} rows
 */
export function toTable(kind, rows) {
  const isFlood = kind === 'flood'
  const head = isFlood
    ? [
        'server, broker, way',
        'deliveries/s',
        'least .. most',
        'CPU us each',
        'cores: server',
        'redis',
        'load',
        'others',
      ]
    : ['server, broker, way', 'p50 ms', 'p90', 'p99', 'max', 'of it lag', 'CPU us each', 'cores: server', 'others']
  const first = rows[0] === undefined ? undefined : mediansOf(rows[0].runs)
  const lines = rows.map(({ name, runs, failures }) => {
    const m = mediansOf(runs)
    const rates = runs.map(({ deliveries, seconds }) => deliveries / seconds)
    const figures = isFlood
      ? [count(m.rate), runs.length === 0 ? '-' : `${count(Math.min(...rates))} .. ${count(Math.max(...rates))}`]
      : [m.p50, m.p90, m.p99, m.max, m.lag].map((value) => fixed(value, 2))
    const cores = isFlood ? [m.server, m.redis, m.load, m.others] : [m.server, m.others]
    const ratio = isFlood ? quotient(m.rate, first?.rate) : quotient(m.p50, first?.p50)
    return [
      name,
      ...figures,
      fixed(m.cpuPerDelivery, 2),
      ...cores.map((value) => fixed(value, 2)),
      fixed(m.pss, 0),
      failures.length > 0 ? `FAILED ${failures.length}` : 'all',
      ratio,
    ]
  })
  return markdown([...head, 'PSS MiB', 'arrived', isFlood ? 'of the first' : 'p50 of the first'], lines)
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} lines
 */
function markdown(head, lines) {
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)))
  const row = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [row(head), rule, ...lines.map(row)].join('\n')
}

/** @param {readonly number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : mean(sorted[middle - 1], sorted[middle])
}

/**
 * @param {number | undefined} a
 * @param {number | undefined} b
 */
function mean(a, b) {
  return a === undefined || b === undefined ? undefined : (a + b) / 2
}

/**
 * @param {number | undefined} a
 * @param {number | undefined} b
 */
function quotient(a, b) {
  return a === undefined || b === undefined ? '-' : (a / b).toFixed(2)
}

/**
 * @param {number | undefined} value
 * @param {number} places
 */
function fixed(value, places) {
  return value === undefined ? '-' : value.toFixed(places)
}

/** @param {number | undefined} value */
function count(value) {
  return value === undefined ? '-' : Math.round(value).toLocaleString('en-US')
}
