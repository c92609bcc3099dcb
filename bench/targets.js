// @ts-check

/** @typedef {import('./harness/report.js').Medians} Medians */
/** @typedef {keyof Medians | keyof import('./queue/measure.js').QueueRun} Figure */

/**
 * What Millrace has set itself: a figure, or how often it is another one of the same run, and its bound.
 *
 * @typedef {object} Target
 * @property {string} scenario
 * @property {string} of the name of a case
 * @property {Figure} figure
 * @property {{ scenario?: string, of: string }} [to] the figure of this case is 1
 * @property {number} [most]
 * @property {number} [least]
 */

const nchan = { of: 'nchan' }
const plainFanOut = { scenario: 'fan-out', of: 'serve' }

/** @type {readonly Target[]} */
export const targets = [
  { scenario: 'fan-out', of: 'serve', figure: 'cpuPerDelivery', to: nchan, most: 1.1 },
  { scenario: 'fan-out', of: 'serve', figure: 'p99', to: nchan, most: 1 },
  { scenario: 'busy-1000', of: 'serve', figure: 'share', least: 100 },
  { scenario: 'busy-1000', of: 'serve', figure: 'p99', most: 150 },
  { scenario: 'busy-3000', of: 'serve', figure: 'rate', to: nchan, least: 20 },
  { scenario: 'idle', of: 'serve', figure: 'perConnection', to: nchan, most: 0.45 },
  { scenario: 'idle', of: 'embedded', figure: 'perConnection', to: nchan, most: 0.85 },
  { scenario: 'per-user', of: 'serve', figure: 'cpuPerDelivery', to: plainFanOut, most: 2 },
  { scenario: 'many-channels', of: 'serve', figure: 'cpuPerDelivery', to: plainFanOut, most: 2 },
  { scenario: 'connect-storm', of: 'serve', figure: 'share', least: 100 },
  { scenario: 'connect-storm', of: 'serve', figure: 'retries', most: 0 },
  { scenario: 'connect-storm', of: 'serve', figure: 'answeredAll', to: { of: 'better-sse' }, most: 1 },
  { scenario: 'connect-storm', of: 'serve', figure: 'answeredAll', to: { of: 'node:http' }, most: 1 },
  { scenario: 'redis', of: 'serve, redis', figure: 'share', least: 100 },
  { scenario: 'redis', of: 'serve, redis, PUBLISH', figure: 'share', least: 100 },
  { scenario: 'gzip', of: 'serve, gzip', figure: 'wirePerDelivery', to: { of: 'serve' }, most: 1 / 3 },
  { scenario: 'gzip', of: 'serve, gzip', figure: 'cpuPerDelivery', to: { of: 'serve' }, most: 1.3 },
  { scenario: 'queue-idle', of: 'memory', figure: 'p50', most: 5 },
  { scenario: 'queue-idle', of: 'disk', figure: 'p50', most: 5 },
  { scenario: 'queue-idle', of: 'bullmq', figure: 'p50', most: 10 },
  { scenario: 'queue-busy', of: 'bullmq', figure: 'jobs', least: 2_000 },
]

/** @type {Partial<Record<Figure, string>>} */
export const words = {
  cpuPerDelivery: 'CPU for a delivery',
  p50: 'p50 of the latency, ms',
  jobs: 'jobs a second',
  p99: 'p99 of the latency, ms',
  share: 'delivered or answered, %',
  rate: 'deliveries a second',
  perConnection: 'memory of a connection',
  retries: 'refused or cut',
  answeredAll: 'time until all are answered',
  wirePerDelivery: 'bytes on the wire',
}
