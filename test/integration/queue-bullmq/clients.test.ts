import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { bullmq } from '../../../src/queue/bullmq/bullmq.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { redisCommand } from '../../support/redis-command.ts'
import { until } from '../../support/until.ts'
import { createHandler, jobOf, range, settled } from './support/stage.ts'

const execute = promisify(execFile)
const here = fileURLToPath(new URL('.', import.meta.url))
let server: RedisServer

beforeAll(async () => {
  server = await startRedis()
})

afterAll(async () => {
  await server.stop()
})

/** How many connections the server has, ours not counted. */
async function connections(): Promise<number> {
  return (
    String(await redisCommand(server, ['CLIENT', 'LIST']))
      .trim()
      .split('\n').length - 1
  )
}

test("a client of ioredis stays the application's: with its own options, and open when the queue is closed", async () => {
  const client = new Redis(server.url)
  const queue = bullmq(client, { prefix: 'theirs:' })
  const { handler, runs } = createHandler(async () => true)
  queue.work('default', handler, { concurrency: 2 })
  await queue.add(jobOf(1))
  await until('the run', async () => runs[0])
  await settled(queue)
  await queue.close()
  expect(client.options.maxRetriesPerRequest).toBe(20)
  expect(await client.ping()).toBe('PONG')
  await until('the other connections to end', async () => ((await connections()) === 1 ? true : undefined))
  expect(client.listenerCount('error')).toBe(0)
  client.disconnect()
})

test('options of ioredis will do, and applications with other prefixes do not meet', async () => {
  const [one, other] = ['one:', 'other:'].map((prefix) => bullmq({ host: '127.0.0.1', port: server.port }, { prefix }))
  await one?.add(jobOf(1))
  expect(await other?.counts()).toEqual([])
  expect(await one?.counts()).toMatchObject([{ queue: 'default', waiting: 1 }])
  await Promise.all([one?.close(), other?.close()])
})

test('of the failed jobs as many are kept as it was told, the latest', async () => {
  const queue = bullmq(server.url, { prefix: 'limited:', failedLimit: 2 })
  const { handler } = createHandler(async () => false)
  queue.work('default', handler, { concurrency: 1 })
  for (const n of range(4)) await queue.add(jobOf(n, { attempts: 1 }))
  await settled(queue)
  expect((await queue.failed.list()).map(({ job }) => job.id)).toEqual(['e3/count', 'e2/count'])
  await queue.close()
})

test('a failed job whose `unique` is another’s by now is not retried, and a claim that nobody used is given up', async () => {
  const queue = bullmq(server.url, { prefix: 'unique:' })
  const { handler, failed } = createHandler(async ({ id }) => id !== 'e1/count')
  queue.work('default', handler, { concurrency: 1 })
  await queue.add(jobOf(1, { attempts: 1, unique: 'one' }))
  await until('the failure', async () => failed[0])
  await queue.add(jobOf(2, { unique: 'one', delay: 60_000 }))
  expect(await queue.failed.retry({})).toBe(0)
  expect(await queue.failed.list()).toHaveLength(1)

  // As it is left by a process that died between its claim and the retry.
  await queue.add(jobOf(3, { attempts: 1, unique: 'two' }))
  await settledBut(1)
  await queue.add(jobOf(1, { attempts: 1, unique: 'two' }))
  await until('the failure', async () => failed[1])
  await redisCommand(server, ['SET', 'unique:queue:default:de:two', '#e1/count'])
  await queue.add(jobOf(4, { unique: 'two', delay: 60_000 }))
  expect(await queue.counts()).toMatchObject([{ delayed: 2, failed: 1 }])
  expect(await queue.failed.forget({})).toBe(1)
  await queue.close()

  async function settledBut(delayed: number) {
    await until('the run', async () => {
      const [counts] = await queue.counts()
      return counts?.delayed === delayed && counts.waiting + counts.running === 0 ? true : undefined
    })
  }
})

test('the process ends by itself when the queue is closed, and BullMQ is loaded only when one is made', async () => {
  const code = `
    import 'millrace'
    import { createRequire } from 'node:module'
    import { bullmq } from 'millrace/bullmq'
    const { cache } = createRequire(import.meta.url)
    const isLoaded = () => Object.keys(cache).some((file) => file.includes('/bullmq/'))
    const before = isLoaded()
    const queue = bullmq('${server.url}', { prefix: 'ends:' })
    queue.work('default', { run: async () => ({ kind: 'done' }), failed() {} }, { concurrency: 1 })
    await queue.add(${JSON.stringify(jobOf(1))})
    await queue.close()
    console.log(before, isLoaded())`
  const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: here,
    timeout: 10_000,
  })
  expect(stdout).toBe('false true\n')
})

test('without the packages it says what to install, and a URL that is none is refused', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-lonely-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await cp(fileURLToPath(new URL('../../../dist', import.meta.url)), join(dir, 'dist'), { recursive: true })
  const door = pathToFileURL(join(dir, 'dist/bullmq.js')).href
  const code = `import { bullmq } from '${door}'
    try { bullmq() } catch (error) { console.log(error.code, error.message) }`
  const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', code], { cwd: dir })
  expect(stdout).toMatch(/^dependency_missing .*"bullmq".*npm install bullmq ioredis/)

  expect(() => bullmq('localhost:secret')).toThrow(expect.objectContaining({ code: 'option_invalid' }))
  expect(() => bullmq(server.url, { lock: 10 })).toThrow(expect.objectContaining({ code: 'option_invalid' }))
})
