import { afterAll, beforeAll, expect, test } from 'vitest'
import { defineEvent } from '../../../src/events/define.ts'
import { createEvents } from '../../../src/events/dispatch.ts'
import { bullmq } from '../../../src/queue/bullmq/bullmq.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { until } from '../../support/until.ts'
import { createWorkers, range, settled } from './support/stage.ts'

let server: RedisServer

beforeAll(async () => {
  server = await startRedis()
})

afterAll(async () => {
  await server.stop()
})

const Counted = defineEvent<{ n: number; first?: number }>('Counted')

/** This process dispatches, and others work. */
function createDispatcher(prefix: string) {
  const queue = bullmq(server.url, { prefix })
  const events = createEvents({ queue, work: false })
  events.listen(Counted, () => {}, { id: 'count', queue: { attempts: 3, backoff: 10 } })
  return { queue, events }
}

test('a worker killed in the middle of 1,000 jobs: each has its effect, none more often than its attempts', async () => {
  const { queue, events } = createDispatcher('killed:')
  const workers = await createWorkers(server.url, 'killed:')
  const first = await workers.start()
  await Promise.all(range(1_000).map((n) => events.dispatch(Counted({ n }))))
  await workers.ran(300)
  await first.kill('SIGKILL')
  expect((await workers.runs()).length).toBeLessThan(1_000)
  await workers.start()
  await workers.start()
  await settled(queue)

  const runs = new Map<number, number[]>()
  for (const [n, attempt] of await workers.runs()) runs.set(n, [...(runs.get(n) ?? []), attempt])
  expect(runs.size).toBe(1_000)
  // Each run has a number of its own, and 3 is the last.
  for (const attempts of runs.values()) expect(attempts).toEqual([...new Set(attempts)].sort().filter((n) => n <= 3))

  const failed = await events.failed.list({ limit: 1_000 })
  const numbers = failed.map(({ job }) => (job.event.data as { n: number }).n).sort((a, b) => a - b)
  expect(numbers).toEqual(range(20).map((n) => n * 50))
  for (const { error, attempts } of failed) {
    expect(attempts).toBe(3)
    expect(error.message).toMatch(/never does|was run 3 times/)
  }
  await events.close()
})

test('a worker that is told to stop ends by itself, and leaves the rest to the next one at once', async () => {
  const { queue, events } = createDispatcher('stopped:')
  const workers = await createWorkers(server.url, 'stopped:')
  const first = await workers.start()
  await Promise.all(range(300).map((n) => events.dispatch(Counted({ n: n * 350 + 1 }))))
  await workers.ran(50)
  await first.kill('SIGTERM')
  expect(first.ended).toBe(0)
  const [{ waiting = 0, running = 0 } = {}] = await queue.counts()
  expect(running).toBe(0)
  expect(waiting + (await workers.runs()).length).toBe(300)
  await workers.start()
  await settled(queue)
  expect((await workers.runs()).map(([, attempt]) => attempt)).toEqual(range(300).map(() => 1))
  await events.close()
})

test('a worker that is held up longer than its lock: its job is run elsewhere, and what it says then is not heard', async () => {
  const { queue, events } = createDispatcher('held:')
  const workers = await createWorkers(server.url, 'held:')
  const first = await workers.start()
  await events.dispatch(Counted({ n: 1, first: 2_000 }))
  await workers.ran(1)
  await first.kill('SIGSTOP')
  await workers.start()
  await workers.ran(2)
  await first.kill('SIGCONT')
  await until('the word of the first', async () => (first.output.includes('lock_lost') ? true : undefined))
  await settled(queue)
  expect(await workers.runs()).toEqual([
    [1, 1],
    [1, 2],
  ])
  expect(await events.failed.list()).toEqual([])
  await events.close()
})
