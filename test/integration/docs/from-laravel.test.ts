import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createParser, type ParsedEvent } from '../../../src/sse/parse.ts'
import { freePort } from '../../support/free-port.ts'
import { startGuarded } from '../../support/guarded-process.ts'
import { startRedis } from '../../support/redis.ts'
import { redisCommand } from '../../support/redis-command.ts'
import { until } from '../../support/until.ts'
import { blocksOf } from './support/blocks.ts'
import { createProject, type Project, root } from './support/project.ts'

const blocks = blocksOf(await readFile(join(root, 'docs/from-laravel.md'), 'utf8'))
const undo: (() => unknown)[] = []
let project: Project
let redis: Awaited<ReturnType<typeof startRedis>>

beforeAll(async () => {
  redis = await startRedis()
  undo.push(() => redis.stop())
  project = await createProject()
  undo.push(() => project.remove())
  for (const { language, file, code } of blocks)
    if (language === 'ts' && file !== undefined)
      await project.write(file, code.replaceAll('3000', 'Number(process.env.PORT)'))
  await project.compile()
})

afterAll(async () => {
  for (const run of undo.toReversed()) await run()
})

test('the relay passes on what Laravel publishes, unchanged', async () => {
  const url = await start('relay.js')
  const reading = await read(`${url}/sse?channel=messages`)

  await redisCommand(redis, ['PUBLISH', 'laravel_database_messages', '{"message":"Hello"}'])

  expect(await reading.untilEvents(1)).toMatchObject([
    { id: reading.opening, event: 'message', data: '{"message":"Hello"}' },
  ])
})

test('the function that Laravel calls keeps the message for a page that was away', async () => {
  const url = await start('relay.js')
  const first = await read(`${url}/sse?channel=messages`)
  first.leave()
  const command =
    blocks.find(({ language, code }) => language === 'sh' && code.startsWith('redis-cli FCALL'))?.code ?? ''

  const { stdout } = await promisify(execFile)('sh', ['-c', command.replace('redis-cli', `redis-cli -p ${redis.port}`)])
  const second = await read(`${url}/sse?channel=messages&last_event_id=${first.opening}`)

  expect(await second.untilEvents(1)).toMatchObject([{ id: stdout.trim(), data: '{"message":"Hello"}' }])
})

test('the recipe in Node reaches onmessage', async () => {
  const url = await start('server.js')
  const reading = await read(`${url}/sse?channel=messages`)

  const body = JSON.stringify({ message: 'Hello' })
  await fetch(`${url}/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

  expect(await reading.untilEvents(1)).toMatchObject([{ event: 'message', data: '{"message":"Hello"}' }])
})

/** Runs a program of the page; resolves with its address when it answers. */
async function start(file: string): Promise<string> {
  const port = await freePort()
  const env = [`PORT=${port}`, `REDIS_URL=${redis.url}`]
  const server = await startGuarded('env', [...env, process.execPath, join(project.dir, file)], '')
  undo.push(() => server.kill('SIGKILL'))
  const url = `http://localhost:${port}`
  await until(file, async () => {
    if (server.ended !== undefined) throw new Error(`${file} ended with ${server.ended}: ${server.output}`)
    return (await fetch(url).catch(() => undefined)) !== undefined || undefined
  })
  return url
}

/** Reads a stream; resolves when its first block is there. */
async function read(url: string) {
  const connection = new AbortController()
  undo.push(() => connection.abort())
  const events: ParsedEvent[] = []
  const parser = createParser({ onEvent: (event) => events.push(event) })
  const response = await fetch(url, { signal: connection.signal })
  const reader = response.body?.getReader()
  const take = async () => {
    const { done, value } = (await reader?.read()) ?? {}
    if (value !== undefined) parser.pushBytes(value)
    if (!done) await take()
  }
  take().catch(() => undefined)
  const opening = await until('the first block', async () => parser.lastEventId || undefined)
  return {
    opening,
    leave: () => connection.abort(),
    untilEvents: (count: number) =>
      until(`${count} events`, async () => (events.length >= count ? events.slice(0, count) : undefined)),
  }
}
