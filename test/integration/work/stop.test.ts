import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { untilPrinted } from '../cli/command.ts'
import { drivers, openStage, toEvents } from './support/stage.ts'

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})

afterAll(() => redis.stop())

test.for(drivers)(
  'on $driver, a worker that is told to stop finishes what runs: nothing is run twice, and nothing is lost',
  async (driver) => {
    const stage = await openStage(driver, redis)
    const good = Array.from({ length: 200 }, (_, index) => index * 10)
    await Promise.all(good.map((n) => stage.shop.dispatch('work', { n, ms: 20 })))
    const worker = await stage.work(['--concurrency', '8'])
    await stage.untilWritten('worked', 50)

    await worker.kill('SIGTERM')

    expect(worker.ended).toBe(0)
    const [closed] = toEvents(worker.output).filter(({ event }) => event === 'closed')
    expect(closed).toMatchObject({ retried: 0, failed: 0, returned: 0, waited: expect.any(Number) })
    const before = (await stage.lines()).filter(({ what }) => what === 'worked').length
    expect(before).toBe(closed?.done)
    expect(before).toBeLessThan(200)

    await stage.run(['work', '--stop-when-empty'])
    const lines = await stage.lines()
    for (const what of ['work', 'worked']) {
      const written = lines.filter((line) => line.what === what)
      expect(written.map(({ n }) => n).sort((a, b) => a - b)).toEqual(good)
      expect(new Set(written.map(({ attempt }) => attempt))).toEqual(new Set([1]))
    }
  },
)

test.for(drivers)('on $driver, what runs when the worker is told to stop may still dispatch', async (driver) => {
  const stage = await openStage(driver, redis)
  await stage.shop.dispatch('chain', { n: 1 })
  const worker = await stage.work()
  await stage.untilWritten('chain', 1)

  await worker.kill('SIGTERM')
  await stage.run(['work', '--stop-when-empty'])

  expect((await stage.lines()).map(({ what, attempt }) => `${what} ${attempt}`)).toEqual([
    'chain 1',
    'work 1',
    'worked 1',
  ])
})

test.for(drivers)(
  'on $driver, what still runs when the time is over is told by its signal, and run again by the next worker',
  async (driver) => {
    const stage = await openStage(driver, redis)
    await Promise.all([stage.shop.dispatch('hang', { n: 1 }), stage.shop.dispatch('deaf', { n: 2 })])
    const worker = await stage.work(['--timeout', '0'])
    await Promise.all([stage.untilWritten('hang', 1), stage.untilWritten('deaf', 1)])

    await worker.kill('SIGTERM')

    expect(worker.ended).toBe(0)
    expect(toEvents(worker.output)).toContainEqual(expect.objectContaining({ event: 'closed', returned: 2 }))
    expect(await stage.run(['work', '--stop-when-empty'])).toMatchObject({ code: 0 })
    const lines = (await stage.lines()).map(({ what, attempt }) => `${what} ${attempt}`)
    expect(lines.sort()).toEqual(['deaf 1', 'deaf 2', 'hang 1', 'hang 2', 'hang worker_stopped 1'])
  },
)

test.for(drivers)('on $driver, a second signal ends the worker at once', async (driver) => {
  const stage = await openStage(driver, redis)
  await stage.shop.dispatch('deaf', { n: 1 })
  const worker = await stage.work()
  await stage.untilWritten('deaf', 1)

  const ended = worker.kill('SIGTERM')
  await untilPrinted(worker, /"closing"/)
  await worker.kill('SIGINT')
  await ended

  expect(worker.ended).toBe(1)
})

test('a worker ends by itself after so many runs, after so long, and when no job is left', async () => {
  const stage = await openStage(drivers[0], redis)
  for (const n of [1, 2, 4, 5]) await stage.shop.dispatch('work', { n, ms: 0 })
  await stage.shop.dispatch('delay', { n: 1 })

  const some = await stage.run(['work', '--json', '--max-jobs', '2', '--concurrency', '1'])
  const rest = await stage.run(['work', '--json', '--stop-when-empty', '--queue', 'default'])
  const long = await stage.run(['work', '--json', '--max-time', '1'])

  const reasons = [some, rest, long].map(({ stdout }) => toEvents(stdout).find(({ event }) => event === 'closing'))
  expect(reasons).toMatchObject([{ reason: '2 runs' }, { reason: 'empty' }, { reason: '1 s' }])
  expect((await stage.lines()).filter(({ what }) => what === 'worked')).toHaveLength(4)
})
