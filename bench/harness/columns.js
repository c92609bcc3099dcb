// @ts-check

/** @typedef {import('./report.js').Medians} Medians */

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {(medians: Medians, reference: Medians) => string} cell
 */

/**
 * @param {string} title
 * @param {keyof Medians} figure
 * @param {number} [places]
 * @returns {Column}
 */
const figure = (title, figure, places = 2) => ({ title, cell: (medians) => format(medians[figure], places) })

/**
 * How often a figure is that of the reference.
 *
 * @param {keyof Medians} figure
 * @returns {Column}
 */
const ratio = (figure) => ({
  title: 'ratio',
  cell: ({ [figure]: value }, { [figure]: reference }) =>
    value === undefined || reference === undefined ? '-' : format(value / reference, 2),
})

/** @type {Column} */
const share = {
  title: 'delivered',
  cell: ({ share }) => (share === undefined ? '-' : share === 100 ? 'all' : `${share.toFixed(share > 99 ? 3 : 1)} %`),
}

const latency = [
  figure('p50 ms', 'p50'),
  figure('p90', 'p90'),
  figure('p99', 'p99'),
  ratio('p99'),
  figure('max', 'max', 0),
]
const cost = [figure('CPU us each', 'cpuPerDelivery'), ratio('cpuPerDelivery')]
const rate = [figure('deliveries/s', 'rate', 0), ratio('rate'), share]
const cores = [
  figure('cores: server', 'server'),
  figure('redis', 'redis'),
  figure('load', 'load'),
  figure('others', 'others'),
]
const memory = [figure('PSS MiB', 'pss', 0)]

/** @type {Record<import('../load/main.js').Plan['kind'], readonly Column[]>} */
const byPlan = {
  pace: [...cost, ...rate, ...latency, figure('of it lag', 'lag'), ...cores, ...memory],
  flood: [...rate, ...cost, ...cores, ...memory],
  idle: [
    figure('KB each', 'perConnection'),
    ratio('perConnection'),
    figure('MiB before', 'pssBefore', 1),
    figure('with them', 'pss', 1),
    share,
    figure('cores: server', 'server', 3),
  ],
}

/** @param {import('../scenarios.js').Scenario} scenario */
export function columnsOf({ plan }) {
  return byPlan[plan.kind]
}

/**
 * @param {number | undefined} value
 * @param {number} places
 */
function format(value, places) {
  if (value === undefined) return '-'
  return value.toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })
}
