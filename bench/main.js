// @ts-check
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measure } from './harness/measure.js'
import { runMicro, toMicroTable } from './harness/micro.js'
import { parseOptions, usage } from './harness/options.js'
import { toSelfTimes } from './harness/profile.js'
import { isOnPath } from './harness/program.js'
import { queueCases, runQueues, toQueueTables } from './harness/queues.js'
import { mediansOf, toTable } from './harness/report.js'
import { machine, openFileLimit } from './harness/system.js'
import { toVerdict } from './harness/verdict.js'
import { nameOf, scenarios } from './scenarios.js'
import { servers } from './servers/servers.js'

/** @typedef {import('./harness/report.js').Row} Row */

/** Files that a server or the load has open beside its connections, at most. */
const spareFiles = 100

const { only, list, help, out, repeat, settings } = parseOptions(process.argv.slice(2))
const isWanted = (/** @type {string} */ name) => only.length === 0 || only.some((text) => name.includes(text))
const wanted = scenarios
  .map((scenario) => ({
    ...scenario,
    cases: scenario.cases.filter((one) => isWanted(`${scenario.name}: ${nameOf(one)}`)),
  }))
  .filter(({ cases }) => cases.length > 0)
const wantedQueues = queueCases(isWanted)
const isMicroWanted = isWanted('micro')

if (help) console.log(usage)
else if (list) showList()
else if (process.platform !== 'linux') fail('It reads processor time and memory from /proc, which is on Linux alone.')
else if (wanted.length === 0 && wantedQueues.length === 0 && !isMicroWanted)
  fail('Nothing has such a name; --list shows what there is.')
else await bench()

function showList() {
  for (const { name, cases } of wanted) for (const one of cases) console.log(`${name}: ${nameOf(one)}`)
  for (const { scenario, way } of wantedQueues) console.log(`${scenario.name}: ${way}`)
  if (isMicroWanted) console.log('micro')
}

async function bench() {
  const about = machine()
  const { cores, cpu, memory, kernel, node, redis, packages, date, commit } = about
  console.log(`${cores} x ${cpu}, ${memory}, Linux ${kernel}, Node ${node}, Redis ${redis}, ${packages.join(', ')}`)
  console.log(`${date}${commit === undefined ? '' : `, commit ${commit}`}`)

  const results = wanted.map((scenario) => ({
    scenario,
    cases: scenario.cases.map((one) => {
      const reason = reasonNotTo(scenario, one)
      /** @type {Row} */
      const row = { name: nameOf(one), runs: [], failures: [], notes: reason === undefined ? [] : [reason] }
      return { one, row, isSkipped: reason !== undefined }
    }),
  }))
  // Round by round and not case by case: what disturbs the machine for a while then disturbs all of them, and not one.
  for (let round = 1; round <= repeat; round++) {
    for (const { scenario, cases } of results) {
      for (const { one, row, isSkipped } of cases) if (!isSkipped) await measureOnce(scenario, one, row, round)
    }
  }

  const queues = await runQueues(wantedQueues, { repeat, seconds: settings.seconds })
  const micro = isMicroWanted ? await runMicro() : []

  for (const { scenario, cases } of results) {
    const rows = cases.map(({ row }) => row)
    console.log(`\n### ${scenario.name}\n\n${toTable(scenario, rows)}`)
  }
  for (const table of toQueueTables(queues)) console.log(`\n${table}`)
  if (micro.length > 0) console.log(`\n### micro\n\n${toMicroTable(micro)}`)
  const verdict = toVerdict((scenario, name) => {
    const row = results
      .find((result) => result.scenario.name === scenario)
      ?.cases.find(({ row }) => row.name === name)?.row
    if (row !== undefined) return row.runs.length === 0 ? undefined : mediansOf(row.runs)
    return queues.find((result) => result.scenario.name === scenario && result.way === name)?.medians
  })
  if (verdict !== '') console.log(`\n### Targets\n\n${verdict}`)
  const failed = [...results.flatMap(({ cases }) => cases.map(({ row }) => row)), ...queues]
  if (failed.some(({ failures }) => failures.length > 0)) process.exitCode = 1

  const file = out ?? join(fileURLToPath(new URL('results', import.meta.url)), `${date.replaceAll(':', '-')}.json`)
  mkdirSync(dirname(file), { recursive: true })
  const rows = results.map(({ scenario: { name, about, clients, plan, layout, payload }, cases }) => ({
    ...{ name, about, clients, plan, layout, payload },
    cases: cases.map(({ one, row }) => ({ ...one, ...row, medians: mediansOf(row.runs) })),
  }))
  const queueRows = queues.map(({ scenario: { name, about }, way, runs, medians, failures }) => ({
    ...{ scenario: name, about, way, runs, medians, failures },
  }))
  writeFileSync(
    file,
    `${JSON.stringify({ machine: about, settings, scenarios: rows, queues: queueRows, micro }, null, 2)}\n`,
  )
  console.log(`\nAll figures: ${file}`)
}

/**
 * Why a case cannot be measured here; undefined where it can.
 *
 * @param {import('./scenarios.js').Scenario} scenario
 * @param {import('./scenarios.js').Case} one
 * @returns {string | undefined}
 */
function reasonNotTo(scenario, { server, broker }) {
  const { missing, cannot } = servers[server]
  const [files, limit] = [(settings.clients ?? scenario.clients) + spareFiles, openFileLimit()]
  if (files > limit) return `needs ${files} open files, and may have ${limit}: ulimit -n ${files}, as root`
  if (broker === 'redis' && !isOnPath('redis-server')) return 'not installed: apt-get install redis-server'
  return missing() ?? (scenario.needs && cannot?.[scenario.needs])
}

/**
 * @param {import('./scenarios.js').Scenario} scenario
 * @param {import('./scenarios.js').Case} one
 * @param {Row} row
 * @param {number} round
 */
async function measureOnce(scenario, one, row, round) {
  const label = `${scenario.name}: ${row.name}`
  const folder = settings.profile && join(settings.profile, `${label}, ${round}`.replace(/[^\w-]+/g, '_'))
  // What others cannot do is told, and no failure of the run.
  const failed = (/** @type {string} */ reason) => (servers[one.server].exact ? row.failures : row.notes).push(reason)
  process.stderr.write(`${label}, ${round} of ${repeat} ...\n`)
  try {
    const run = await measure(scenario, one, { ...settings, profile: folder })
    if (run.faults === 0) row.runs.push(run)
    else failed(`${run.faults} faults, such as: ${run.examples.join('; ')}`)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    failed(error.message)
  }
  if (folder !== undefined) console.log(`\n${label}\n${toSelfTimes(folder, 25).join('\n')}`)
}

/** @param {string} reason */
function fail(reason) {
  console.error(reason)
  process.exitCode = 1
}
