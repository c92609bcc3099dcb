// @ts-check
import { measureBusy, measureIdle } from '../queue/measure.js'
import { markdown } from './markdown.js'
import { isOnPath } from './program.js'

/** @typedef {import('../queue/measure.js').QueueRun} QueueRun */

/**
 * What is measured of queued listeners: from the dispatch to the start where there is next to nothing to do, and how many a second where there is a lot.
 *
 * @typedef {object} QueueScenario
 * @property {string} name
 * @property {string} about
 * @property {(way: string, seconds: number) => Promise<QueueRun>} run
 * @property {readonly [keyof QueueRun, string, number][]} columns
 */

const everyWay = ['memory', 'disk', 'bullmq', 'BullMQ by itself', 'polling']

/** @type {readonly QueueScenario[]} */
const scenarios = [
  {
    name: 'queue-idle',
    about:
      '50 jobs a second, one after the other, for a worker that has nothing else to do: from the dispatch to the start',
    run: measureIdle,
    columns: [
      ['p50', 'p50 ms', 2],
      ['p99', 'p99', 2],
      ['max', 'max', 0],
    ],
  },
  {
    name: 'queue-busy',
    about: '12,000 jobs that do nothing wait for one worker, which runs 10 at a time; the last 10,000 are counted',
    run: measureBusy,
    columns: [
      ['jobs', 'jobs/s', 0],
      ['cpuPerJob', 'CPU us each', 0],
      ['added', 'dispatched/s', 0],
    ],
  },
]

/**
 * The cases with such a name.
 *
 * @param {(name: string) => boolean} isWanted
 */
export function queueCases(isWanted) {
  return scenarios.flatMap((scenario) =>
    everyWay.filter((way) => isWanted(`${scenario.name}: ${way}`)).map((way) => ({ scenario, way })),
  )
}

/** @typedef {ReturnType<typeof queueCases>[number] & { runs: QueueRun[], medians: QueueRun, failures: string[] }} QueueResult */

/**
 * @param {ReturnType<typeof queueCases>} cases
 * @param {{ repeat: number, seconds: number }} options
 * @returns {Promise<QueueResult[]>}
 */
export async function runQueues(cases, { repeat, seconds }) {
  const missing = isOnPath('redis-server') ? [] : ['not installed: apt-get install redis-server']
  const results = cases.map((one) => ({
    ...one,
    runs: /** @type {QueueRun[]} */ ([]),
    medians: {},
    failures: [...missing],
  }))
  for (let round = 1; round <= (missing.length > 0 ? 0 : repeat); round++) {
    for (const { scenario, way, runs, failures } of results) {
      process.stderr.write(`${scenario.name}: ${way}, ${round} of ${repeat} ...\n`)
      try {
        runs.push(await scenario.run(way, seconds))
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error))
      }
    }
  }
  return results.map((result) => ({ ...result, medians: mediansOf(result.runs) }))
}

/** @param {readonly QueueResult[]} results */
export function toQueueTables(results) {
  return scenarios.flatMap(({ name, about, columns }) => {
    const rows = results.filter(({ scenario }) => scenario.name === name)
    if (rows.length === 0) return []
    const cell = (/** @type {number | undefined} */ value, /** @type {number} */ places) =>
      value?.toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places }) ?? '-'
    const lines = rows.map(({ way, medians }) => [way, ...columns.map(([key, , places]) => cell(medians[key], places))])
    const remarks = rows.flatMap(({ way, failures }) => failures.map((failure) => `- ${way} FAILED: ${failure}`))
    const table = markdown([name, ...columns.map(([, title]) => title)], lines)
    return [[`### ${name}`, '', `${about}.`, '', table, ...(remarks.length > 0 ? ['', ...remarks] : [])].join('\n')]
  })
}

/**
 * @param {readonly QueueRun[]} runs
 * @returns {QueueRun}
 */
function mediansOf(runs) {
  const keys = new Set(runs.flatMap((run) => /** @type {(keyof QueueRun)[]} */ (Object.keys(run))))
  return Object.fromEntries(
    [...keys].map((key) => {
      const sorted = runs.flatMap((run) => run[key] ?? []).sort((a, b) => a - b)
      return [key, ((sorted[Math.ceil(sorted.length / 2) - 1] ?? 0) + (sorted[Math.floor(sorted.length / 2)] ?? 0)) / 2]
    }),
  )
}
