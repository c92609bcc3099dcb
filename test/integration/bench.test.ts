import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** The figures of a run, as far as they are looked at here. */
interface Results {
  readonly scenarios: readonly {
    readonly name: string
    readonly cases: readonly { readonly name: string; readonly medians: Readonly<Record<string, number | undefined>> }[]
  }[]
}

let dir = ''

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-test-'))
})
afterAll(async () => {
  await rm(dir, { recursive: true, force: true })
})

/** Runs the bench for as short as it can be, and gives the medians by scenario and case. */
async function bench(...args: string[]) {
  const out = join(dir, 'figures.json')
  const options = ['--seconds', '0.3', '--warm-up', '0.2', '--clients', '20', '--out', out]
  await promisify(execFile)(process.execPath, ['bench/main.js', ...args, ...options])
  const { scenarios }: Results = JSON.parse(await readFile(out, 'utf8'))
  return new Map(scenarios.flatMap(({ name, cases }) => cases.map((one) => [`${name}: ${one.name}`, one.medians])))
}

test('the bench measures each kind of load, and finds that every message has come', async () => {
  const cases = ['fan-out', 'per-user', 'idle', 'connect-storm', 'resume-storm'].map((name) => `${name}: serve`)
  const figures = await bench(...cases.flatMap((name) => ['--only', name]))
  expect([...figures.keys()]).toEqual(cases)
  for (const name of cases) expect({ name, share: figures.get(name)?.share }).toEqual({ name, share: 100 })
})

test('the bench reads compressed streams, and counts what they are on the wire', async () => {
  const figures = await bench('--only', 'gzip: serve')
  const [plain, gzip] = ['gzip: serve', 'gzip: serve, gzip'].map((name) => figures.get(name)?.wirePerDelivery ?? 0)
  expect(plain).toBeGreaterThan(1000)
  expect(gzip).toBeLessThan((plain ?? 0) / 2)
})

test('the bench measures how soon queued listeners start', async () => {
  const out = join(dir, 'queues.json')
  const args = ['--only', 'queue-idle: disk', '--seconds', '0.3', '--out', out]
  await promisify(execFile)(process.execPath, ['bench/main.js', ...args])
  const { queues } = JSON.parse(await readFile(out, 'utf8'))
  expect(queues).toMatchObject([
    { scenario: 'queue-idle', way: 'disk', medians: { p50: expect.any(Number) }, failures: [] },
  ])
})

test('the bench measures a server that publishes by itself', async () => {
  const figures = await bench('--only', 'busy-1000: embedded, publish()')
  expect(figures.get('busy-1000: embedded, publish()')?.share).toBe(100)
})
