import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FailedJob } from '../../../src/queue/failed.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { until } from '../../support/until.ts'
import { openStream, serve, untilPrinted } from '../cli/command.ts'
import { drivers, type Line, openStage, type Stage, toEvents } from './support/stage.ts'

interface Case {
  readonly name: string
  readonly about: string
  readonly dispatch: readonly Readonly<Record<string, unknown>>[]
  /** What its listener writes: each line with its attempt. Undefined where that is a matter of time. */
  readonly written: readonly string[] | undefined
  /** What it was given up for. */
  readonly failed?: { readonly error: object; readonly attempts?: number }
}

/** One row for each thing that can be said of a queued listener. */
const cases: readonly Case[] = [
  {
    name: 'timeout',
    about: 'a run that takes too long has its signal aborted, and has failed',
    dispatch: [{}],
    written: [
      ...['timeout 1', 'timeout listener_timeout 1', 'timeout 2', 'timeout listener_timeout 2'],
      'timeout onFailed: Queued listener "timeout" took longer than 50 ms. 0',
    ],
    failed: { error: { code: 'listener_timeout' }, attempts: 2 },
  },
  { name: 'retry', about: 'a listener asks to be run again', dispatch: [{}], written: ['retry 1', 'retry 2'] },
  {
    name: 'retry-too-often',
    about: 'a listener asks to be run again when its attempts are used up',
    dispatch: [{}],
    written: ['retry-too-often 1', 'retry-too-often 2'],
    failed: { error: { message: 'still busy' }, attempts: 2 },
  },
  {
    name: 'fail',
    about: 'a listener says that no run will do it',
    dispatch: [{}],
    written: ['fail 1', 'fail onFailed: said so 0'],
    failed: { error: { message: 'said so', stack: expect.stringContaining('shop.js') }, attempts: 1 },
  },
  {
    name: 'throw',
    about: 'a listener throws each time: the error is kept with its cause',
    dispatch: [{}],
    written: ['throw 1', 'throw 2', 'throw onFailed: lost 0'],
    failed: { error: { name: 'Error', message: 'lost', stack: expect.stringMatching(/Caused by: .*the reason/) } },
  },
  { name: 'when', about: 'an event that is not to be queued is not', dispatch: [{}, { n: 2 }], written: ['when 1'] },
  {
    name: 'unique',
    about: 'while a job waits, no second one with its key is added',
    dispatch: [{ key: 'a' }, { key: 'a' }, { key: 'b' }],
    written: ['unique 1', 'unique 1'],
  },
  { name: 'delay', about: 'a job waits for its delay', dispatch: [{}], written: ['delay 1'] },
  {
    name: 'until',
    about: 'no run begins after its time',
    dispatch: [{}],
    written: undefined,
    failed: { error: { message: 'no luck' } },
  },
  {
    name: 'expired',
    about: 'a job whose time is over before its first run is not run',
    dispatch: [{}],
    written: [],
    failed: { error: { code: 'job_expired' }, attempts: 0 },
  },
  {
    name: 'poison',
    about: 'data that does not fit the schema of the worker is given up at once, and not run',
    dispatch: [{ total: '12' }],
    written: [],
    failed: { error: { code: 'data_invalid', message: expect.stringContaining('total') }, attempts: 0 },
  },
  {
    name: 'gone',
    about: 'a listener that the worker does not have is waited for, as often as the job may be run',
    dispatch: [{}],
    written: [],
    failed: { error: { code: 'listener_unknown' }, attempts: 2 },
  },
]

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})

afterAll(() => redis.stop())

describe.for(drivers)('what is said of a queued listener holds on $driver:', (driver) => {
  let lines: readonly Line[] = []
  let failed: readonly FailedJob[] = []
  let dispatchedAt = 0

  // All at once, by one worker: most of the time is that of processes that start.
  test('a worker runs all of them', async () => {
    const stage = await openStage(driver, redis)
    const worker = await stage.work(['--concurrency', '50'])
    await untilPrinted(worker, /"working"/)
    dispatchedAt = Date.now()
    for (const { name, dispatch } of cases) {
      for (const data of dispatch) await stage.shop.dispatch(name, { n: 1, ...data })
    }
    await untilIdle(stage)
    await worker.kill('SIGTERM')
    expect(worker.ended).toBe(0)
    expect(toEvents(worker.output)).toContainEqual({
      event: 'run',
      outcome: 'retry',
      job: expect.stringMatching(/\/retry$/),
      ...{ queue: 'default', listener: 'retry', name: 'retry', attempt: 1 },
      ...{ ms: expect.any(Number), waited: expect.any(Number), after: 20 },
      error: { code: 'listener_failed', message: expect.stringContaining('asked to be run again') },
    })
    lines = await stage.lines()
    failed = toEvents<FailedJob>((await stage.run(['failed', 'list', '--json'])).stdout)
    expect(failed.length).toBe(cases.filter((one) => one.failed !== undefined).length)
  })

  test.for(cases)('$about ($name)', ({ name, written, failed: expected }) => {
    const own = lines.filter(({ what }) => what === name || what.startsWith(`${name} `))
    const given = failed.filter(({ job }) => job.listener === name)
    if (written !== undefined) expect(own.map(({ what, attempt }) => `${what} ${attempt}`)).toEqual(written)
    expect(given).toMatchObject(expected === undefined ? [] : [expected])
  })

  test('a delay is over before the run, and the end of retrying is not past', () => {
    const of = (name: string) => lines.filter(({ what }) => what === name).map(({ at }) => at - dispatchedAt)
    expect(Math.min(...of('delay'))).toBeGreaterThanOrEqual(299)
    expect(of('until').length).toBeGreaterThan(1)
    expect(of('until').length).toBeLessThan(12)
  })
})

test('what a queued listener publishes in a run that then fails, and again in the next one, readers get once', async () => {
  const stage = await openStage(drivers[1], redis)
  const { url } = await serve(['--redis', redis.url, '--public', 'news'])
  const stream = await openStream(url, 'news')
  for (const n of [1, 2]) await stage.shop.dispatch('publish', { n })

  expect(await stage.run(['work', '--stop-when-empty'])).toMatchObject({ code: 0 })

  await stage.shop.hub?.publish('news', { n: 'the end' })
  const received: unknown[] = []
  for await (const { data } of stream.events) if (received.push(JSON.parse(data).n) && data.includes('the end')) break
  expect((await stage.lines()).map(({ n, attempt }) => `${n} ${attempt}`).sort()).toEqual(['1 1', '1 2', '2 1', '2 2'])
  expect(received.sort()).toEqual([1, 2, 'the end'])
})

/** Resolves when no job is left, neither due nor waiting for its time. */
async function untilIdle({ shop }: Stage): Promise<void> {
  await until('no job to be left', async () => {
    const counts = await shop.events.counts()
    return counts.every(({ waiting, delayed, running }) => waiting + delayed + running === 0) || undefined
  })
}
