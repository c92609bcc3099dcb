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

const cost = [figure('CPU us each', 'cpuPerDelivery'), ratio('cpuPerDelivery')]
const rate = [figure('deliveries/s', 'rate', 0), ratio('rate'), figure('at once', 'together', 1), share]
const latency = [
  figure('p50 ms', 'p50'),
  figure('p90', 'p90'),
  figure('p99', 'p99'),
  ratio('p99'),
  figure('max', 'max', 0),
  figure('of it lag', 'lag'),
]
const cores = [figure('cores: server', 'server'), figure('load', 'load'), figure('others', 'others')]
const redis = figure('redis', 'redis')
const answers = [
  figure('answered ms: half', 'answeredHalf', 0),
  figure('99 %', 'answeredMost', 0),
  figure('all', 'answeredAll', 0),
]

/** @type {Record<import('../load/main.js').Plan['kind'], readonly Column[]>} */
const byPlan = {
  pace: [...cost, ...rate, ...latency, ...cores, figure('PSS MiB', 'pss', 0)],
  flood: [...rate, ...cost, ...cores, figure('PSS MiB', 'pss', 0)],
  idle: [
    figure('KB each', 'perConnection'),
    ratio('perConnection'),
    figure('MiB before', 'pssBefore', 1),
    figure('with them', 'pss', 1),
    share,
    figure('cores: server', 'server', 3),
  ],
  'connect-storm': [
    ...answers,
    ratio('answeredAll'),
    share,
    figure('retries', 'retries', 0),
    figure('CPU us each', 'cpuPerConnection', 1),
    ...cores,
  ],
  'resume-storm': [
    ...answers,
    figure('done ms', 'done', 0),
    ratio('done'),
    share,
    figure('retries', 'retries', 0),
    figure('CPU us each reader', 'cpuPerConnection', 1),
    ...cores,
  ],
}

/** @param {import('../scenarios.js').Scenario} scenario */
export function columnsOf({ plan, cases }) {
  const columns = byPlan[plan.kind]
  const wire = cases.some(({ accept }) => accept !== undefined)
  return [
    ...(wire ? [{ title: 'bytes each', cell: toWire }, ratio('wirePerDelivery')] : []),
    ...columns,
    ...(cases.some(({ broker }) => broker === 'redis') ? [redis] : []),
  ]
}

/** @param {Medians} medians */
function toWire({ wirePerDelivery, isCompressed }) {
  return `${format(wirePerDelivery, 0)}${isCompressed === 1 ? ' gzip' : ''}`
}

/**
 * @param {number | undefined} value
 * @param {number} places
 */
function format(value, places) {
  if (value === undefined) return '-'
  return value.toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })
}
