import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { expect, onTestFinished, test } from 'vitest'
import { bullmq } from '../../../src/queue/bullmq/bullmq.ts'
import type { Job } from '../../../src/queue/job.ts'
import type { Queue } from '../../../src/queue/port.ts'
import { freePort } from '../../support/free-port.ts'
import { type RedisOptions, startRedis } from '../../support/redis.ts'
import { createHandler, jobOf, range, settled } from './support/stage.ts'

const patient = { timeout: 10_000 }
const away = { code: 'queue_unavailable' }

async function createServer(options?: RedisOptions) {
  const server = await startRedis(options)
  onTestFinished(() => server.stop())
  return server
}

/** A client of the package redis, as an application has it. */
function clientOf(url: string) {
  const client = createClient({ url })
  client.on('error', () => {})
  client.connect().catch(() => {})
  onTestFinished(() => client.destroy())
  return client
}

test.each([
  { how: 'a URL', connect: (url: string) => url },
  { how: 'a client of redis', connect: clientOf },
])(
  'by $how, Redis killed and restarted: each job has its effect, and none runs twice at a time',
  async ({ connect }) => {
    const server = await createServer({ appendfsync: 'always' })
    const errors: unknown[] = []
    const [queue, ...others] = range(3).map(() =>
      bullmq(connect(server.url), { lock: 1_000, onError: (e) => errors.push(e) }),
    )
    if (queue === undefined) throw new Error('There are three')
    const running = new Set<string>()
    const overlaps: string[] = []
    const { handler, runs, failed } = createHandler(async ({ id }, attempt) => {
      if (running.has(id)) overlaps.push(id)
      running.add(id)
      await sleep(5)
      running.delete(id)
      return !(id.startsWith('e1/') || (/5\//.test(id) && attempt === 1))
    })
    for (const worker of others) worker.work('default', handler, { concurrency: 5 })
    const adds = Promise.all(range(500).map((n) => queue.add(jobOf(n))))
    await expect.poll(() => runs.length, patient).toBeGreaterThan(100)
    await server.kill()
    await sleep(1_500)
    await server.restart()
    await adds
    await queue.add(jobOf(500))
    await settled(queue)

    expect(new Set(runs).size).toBe(501)
    expect(overlaps).toEqual([])
    for (const id of new Set(runs)) expect(runs.filter((run) => run === id).length).toBeLessThanOrEqual(3)
    expect(failed).toEqual(['e1/count'])
    const [kept, ...more] = await queue.failed.list()
    expect(more).toEqual([])
    expect(kept).toMatchObject({ job: { id: 'e1/count' }, error: { message: 'run 3 of e1/count' }, attempts: 3 })
    expect(errors.length).toBeGreaterThan(0)
    for (const error of errors) expect(error).toMatchObject(away)
    await Promise.all([queue, ...others].map((one) => one.close()))
  },
)

test('a long run keeps its job, though Redis is away for longer than its lock lasts', async () => {
  const server = await createServer({ appendfsync: 'always' })
  const errors: unknown[] = []
  const queues = range(2).map(() => bullmq(server.url, { lock: 1_000, onError: (e) => errors.push(e) }))
  const { handler, runs } = createHandler(async () => {
    await sleep(7_000)
    return true
  })
  for (const queue of queues) queue.work('default', handler, { concurrency: 2 })
  await queues[0]?.add(jobOf(0))
  await expect.poll(() => runs.length, patient).toBe(1)
  await server.kill()
  await sleep(2_000)
  await server.restart()
  for (const queue of queues) await settled(queue)
  expect(runs).toEqual(['e0/count'])
  for (const error of errors) expect(error).toMatchObject(away)
  await Promise.all(queues.map((queue) => queue.close()))
})

test('Redis away at the start: adding fails in time, it is told once, and all works when it is there', async () => {
  const port = await freePort()
  const errors: unknown[] = []
  const queue = bullmq(`redis://127.0.0.1:${port}`, { wait: 300, onError: (error) => errors.push(error) })
  const { handler, runs } = createHandler(async () => true)
  queue.work('default', handler, { concurrency: 1 })
  const start = performance.now()
  await expect(queue.add(jobOf(0))).rejects.toMatchObject(away)
  await expect(queue.counts()).rejects.toMatchObject(away)
  await expect(queue.failed.list()).rejects.toMatchObject(away)
  expect(performance.now() - start).toBeLessThan(3_000)
  expect(errors).toEqual([expect.objectContaining(away)])

  const server = await createServer({ port })
  await untilTaken(queue, jobOf(1))
  await expect.poll(() => runs, patient).toEqual(['e1/count'])
  expect(errors).toHaveLength(1)
  await server.stop()
  await queue.close()
})

test('a queue that never found Redis can be closed, and refuses what comes later', async () => {
  const queue = bullmq(`redis://127.0.0.1:${await freePort()}`, { wait: 200, onError: () => {} })
  queue.work('default', createHandler(async () => true).handler, { concurrency: 1 })
  const waiting = queue.add(jobOf(0))
  const refused = expect(waiting).rejects.toMatchObject({ code: /queue_/ })
  await queue.close()
  await refused
  await expect(queue.add(jobOf(1))).rejects.toMatchObject({ code: 'queue_closed' })
})

test('Redis silent: adding fails in time, and works again by itself', async () => {
  const server = await createServer()
  const queue = bullmq(server.url, { wait: 100, onError: () => {} })
  await queue.add(jobOf(0))
  await server.kill('SIGSTOP')
  await expect(queue.add(jobOf(1))).rejects.toMatchObject(away)
  await server.kill('SIGCONT')
  await untilTaken(queue, jobOf(1))
  expect(await queue.counts()).toMatchObject([{ queue: 'default', waiting: 2 }])
  await queue.close()
})

/** Adds the job until that succeeds. */
async function untilTaken(queue: Queue, job: Job): Promise<void> {
  const isTaken = () =>
    queue.add(job).then(
      () => true,
      () => false,
    )
  await expect.poll(isTaken, patient).toBe(true)
}
