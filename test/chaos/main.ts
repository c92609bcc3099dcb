import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type ProfileName, profiles } from './profiles.ts'
import { tell, toFigures, toText } from './report.ts'
import { type Run, run } from './run.ts'

const usage = `Usage: node scripts/chaos.js [options]

  --profile NAME...  ${Object.keys(profiles).join(', ')} (default: all)
  --broker NAME      every profile of memory, disk or redis
  --seconds N        how long each run has faults (default: 60)
  --seeds N          so many seeds, one after the other (default: 1)
  --seed N           the first of them (default: one by chance)
  --jobs N           runs side by side (default: 1)
  --json             print JSON lines
  --keep             keep the history of every run, not only of those with violations
`

/** How many violations of one run are told in full. */
const mostTold = 5

/** A run that takes so much longer than its faults hangs, in ms: its own waits are all bounded. */
const overtime = Number(process.env.OVERTIME ?? 240_000)

const { values } = parseArgs({
  options: {
    profile: { type: 'string', multiple: true },
    broker: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    seeds: { type: 'string', default: '1' },
    seed: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(usage)
} else {
  const first = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : Number(values.seed)
  const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => first + index)
  const waiting = seeds.flatMap((seed) =>
    chosen().map((profile) => ({ profile, seed, seconds: Number(values.seconds) })),
  )
  let violations = 0
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        let phase = ''
        const onPhase = (now: string) => {
          phase = now
        }
        const done = await Promise.race([
          run({ ...next, onPhase }),
          failAfter(next.seconds * 1_000 + overtime, () => phase),
        ])
        violations += done.violations.length
        await show(done)
      } catch (error) {
        violations++
        console.error(`${next.profile}, seed ${next.seed}: the run itself failed:`, error)
      }
    }
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, work))
  process.exitCode = violations > 0 ? 1 : 0
}

async function failAfter(ms: number, phase: () => string): Promise<never> {
  await delay(ms, undefined, { ref: false })
  throw new Error(`It is not done after ${ms} ms, in the phase: ${phase()}`)
}

function chosen(): ProfileName[] {
  const names = Object.keys(profiles) as ProfileName[]
  const { profile, broker } = values
  for (const name of profile ?? []) {
    if (!names.includes(name as ProfileName)) throw new Error(`There is no profile ${name}.\n${usage}`)
  }
  return names.filter(
    (name) => (profile?.includes(name) ?? true) && (broker === undefined || profiles[name].broker === broker),
  )
}

async function show(done: Run): Promise<void> {
  const figures = toFigures(done)
  const isBroken = done.violations.length > 0
  const dir =
    isBroken || values.keep ? await mkdtemp(join(tmpdir(), `millrace-chaos-${done.profile}-${done.seed}-`)) : ''
  if (dir !== '') {
    await done.history.save(join(dir, 'history.ndjson'))
    await writeFile(join(dir, 'hubs.log'), done.output)
  }
  if (values.json) {
    console.log(
      JSON.stringify({ ...figures, ...(dir === '' ? {} : { dir }), told: done.violations.slice(0, mostTold) }),
    )
    return
  }
  console.log(toText(figures))
  for (const violation of done.violations.slice(0, mostTold)) console.log(`  ${tell(violation, done)}`)
  if (done.violations.length > mostTold) console.log(`  and ${done.violations.length - mostTold} more violations`)
  if (dir !== '') console.log(`  history: ${dir}`)
  if (isBroken) {
    console.log(
      `  again: node scripts/chaos.js --profile ${done.profile} --seconds ${done.seconds} --seed ${done.seed}`,
    )
  }
}
