import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FailedJob } from '../../../src/queue/failed.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { drivers, type Line, openStage, toEvents } from './support/stage.ts'

const count = 1_000
const numbers = Array.from({ length: count }, (_, n) => n)
const isBad = (n: number) => n % 10 === 3

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})

afterAll(() => redis.stop())

/** The attempts of each job, in order. */
function attemptsOf(lines: readonly Line[], what: string): ReadonlyMap<number, readonly number[]> {
  const attempts = new Map<number, number[]>()
  for (const line of lines) {
    if (line.what === what) attempts.set(line.n, [...(attempts.get(line.n) ?? []), line.attempt])
  }
  return attempts
}

test.for(drivers)(
  'on $driver, 1,000 jobs whose worker is killed twice are all done or listed as failed, none run more often than it may be',
  { timeout: 90_000 },
  async (driver) => {
    const stage = await openStage(driver, redis)
    await Promise.all(numbers.map((n) => stage.shop.dispatch('work', { n, ms: 3 })))

    for (const enough of [200, 500]) {
      const worker = await stage.work(['--quiet'])
      await stage.untilWritten('worked', enough)
      await worker.kill('SIGKILL')
    }
    const lastly = await stage.run(['work', '--stop-when-empty'])

    expect(lastly).toMatchObject({ code: 0 })
    const lines = await stage.lines()
    const begun = attemptsOf(lines, 'work')
    expect([...begun.keys()].sort((a, b) => a - b)).toEqual(numbers)
    for (const attempts of begun.values()) {
      expect(attempts.length).toBeLessThanOrEqual(3)
      // No number comes twice: a run that was cut short counts.
      expect(new Set(attempts).size).toBe(attempts.length)
      expect(Math.max(...attempts)).toBeLessThanOrEqual(3)
    }

    const listed = await stage.run(['failed', 'list', '--json', '--limit', '1000'])
    const failed = toEvents<FailedJob>(listed.stdout)
    // Where the last run of one of the others was cut short, nobody knows whether it was done: that is said, and it is not run again.
    const cut = failed.filter(({ error }) => error.code === 'job_interrupted')
    const bad = failed.filter(({ error }) => error.code !== 'job_interrupted')
    const numberOf = ({ job }: FailedJob) => (job.event.data as { n: number }).n
    expect(cut.length).toBeLessThan(20)
    expect([...bad, ...cut.filter((one) => isBad(numberOf(one)))].map(numberOf).sort((a, b) => a - b)).toEqual(
      numbers.filter(isBad),
    )
    for (const one of bad) expect(one).toMatchObject({ error: { message: `never ${numberOf(one)}` }, attempts: 3 })
    const lost = new Set(failed.map(numberOf))
    const worked = attemptsOf(lines, 'worked')
    expect([...worked.keys()].sort((a, b) => a - b)).toEqual(numbers.filter((n) => worked.has(n) || !lost.has(n)))

    const retried = await stage.run(['failed', 'retry', '--all', '--json'])
    expect(toEvents(retried.stdout)).toEqual([{ retried: failed.length }])
    expect(await stage.run(['work', '--stop-when-empty', '--quiet'], { isMended: true })).toMatchObject({ code: 0 })

    expect([...attemptsOf(await stage.lines(), 'worked').keys()].sort((a, b) => a - b)).toEqual(numbers)
    expect((await stage.run(['failed', 'list', '--json'])).stdout).toBe('')
  },
)
