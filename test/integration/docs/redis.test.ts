import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { redis } from '../../../src/broker/redis/redis.ts'
import { startRedis } from '../../support/redis.ts'
import { blocksOf } from './support/blocks.ts'
import { root } from './support/project.ts'

const commands = blocksOf(await readFile(join(root, 'docs/redis.md'), 'utf8'))
  .filter(({ language }) => language === 'sh')
  .map(({ code, line }) => ({ code, place: `docs/redis.md:${line}` }))

let server: Awaited<ReturnType<typeof startRedis>>

beforeAll(async () => {
  server = await startRedis()
  // As the page says, it is a hub that loads the function.
  const broker = redis(server.url)
  await broker.head()
  await broker.close()
})

afterAll(() => server?.stop())

test.for(commands)('the command of $place is understood', async ({ code }) => {
  const { stdout } = await run(code)

  expect(stdout).toMatch(/^(OK|\d+(-\d+)?)\n$/)
})

test('the user of the page can publish and read, and nothing besides', async () => {
  await run(commands.at(-1)?.code ?? '')
  const url = server.url.replace('//', '//millrace:secret@')
  const broker = redis(url)

  const retention = [{ count: 10, age: 60_000, bytes: 1_000 }]
  const position = (await broker.append({ channels: ['news'], data: 'Hello', retention })) ?? ''
  const page = await broker.read(await broker.head(), ['news'], { entries: 1, bytes: 1 })
  await broker.close()

  expect(page).toMatchObject({ next: position, gaps: [] })
  await expect(run('redis-cli --user millrace --pass secret --no-auth-warning FLUSHALL')).rejects.toThrow(/NOPERM/)
})

function run(code: string): Promise<{ stdout: string }> {
  return promisify(execFile)('sh', ['-c', code.replace('redis-cli', `redis-cli -e -p ${server.port}`)])
}
