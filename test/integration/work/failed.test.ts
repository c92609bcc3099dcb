import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { FailedJob } from '../../../src/queue/failed.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { run } from '../cli/command.ts'
import { drivers, openStage, toEvents } from './support/stage.ts'

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})

afterAll(() => redis.stop())

test('failed jobs are listed, shown, retried, forgotten and purged', { timeout: 60_000 }, async () => {
  const stage = await openStage(drivers[0], redis)
  const failed = (...args: string[]) => stage.run(['failed', ...args])
  await stage.shop.dispatch('throw', { n: 1, secret: 'of the data' })
  for (const n of [2, 3]) await stage.shop.dispatch('fail', { n })
  const worked = await stage.run(['work', '--max-jobs', '4'])
  expect(worked.stdout).toMatch(/^millrace works for \S*app\.js\n {2}default {2}work, .*\n/)
  expect(worked.stdout).toMatch(/\n\d\d:\d\d:\d\d {2}retry {5}throw {2}throw {2}.* ms {2}run 1, again in 10 ms: lost\n/)
  expect(worked.stdout).toMatch(/ {2}failed {4}throw {2}throw {2}.* ms {2}run 2: lost {2}\S*\/throw\n/)
  expect(worked.stdout).toMatch(/\n0 done, 1 retried, 3 failed; .* runs\/s, waited .*, ran .* \(medians\)\n$/)
  const [last, ...others] = toEvents<FailedJob & { id: string }>((await failed('list', '--json')).stdout)
  expect(last).toMatchObject({ id: expect.stringMatching(/\/throw$/), attempts: 2, error: { message: 'lost' } })
  expect(others.map(({ job }) => job.listener)).toEqual(['fail', 'fail'])
  const id = last?.id ?? ''

  const listed = await failed('list')
  expect(listed.stdout).toMatch(/^ID .*EVENT .*ERROR\n.*\/throw +throw +default +2 +\d{4}-.* lost\n/)
  expect(listed.stdout).toMatch(/\n3 jobs\.\n$/)
  expect((await failed('list', '--limit', '1')).stdout).toMatch(/\nThe latest 1 of 3 jobs\.\n$/)
  expect((await failed('list', '--queue', 'other')).stdout).toBe('No failed jobs.\n')
  expect((await stage.run(['queues'])).stdout).toMatch(/^QUEUE .*\ndefault +0 +0 +0 +3 +work, /)

  const shown = await failed('show', id)
  expect(shown.stdout).toMatch(/"secret": "of the data"[\s\S]*Error: lost\n[\s\S]*Caused by: Error: the reason/)
  expect(await failed('show', 'nobody')).toMatchObject({ code: 1, stderr: expect.stringContaining('(job_unknown)') })

  expect(await failed('retry', id, 'nobody')).toMatchObject({
    code: 1,
    stdout: '1 job put back.\n',
    stderr: expect.stringMatching(/no failed job "nobody".*\(job_unknown\)/),
  })
  expect(toEvents((await stage.run(['queues', '--json'])).stdout)).toMatchObject([
    { queue: 'default', waiting: 1, failed: 2 },
  ])
  expect(await failed('retry')).toMatchObject({ code: 2 })
  expect(await failed('retry', id, '--all')).toMatchObject({ code: 2 })

  expect(await failed('purge', '--older-than', '1h')).toMatchObject({ code: 0, stdout: '0 jobs forgotten.\n' })
  expect(await failed('forget', others[0]?.job.id ?? '')).toMatchObject({ code: 0, stdout: '1 job forgotten.\n' })
  expect(await failed('purge', '--older-than', '0s', '--json')).toMatchObject({ code: 0, stdout: '{"forgotten":1}\n' })
})

test('failed jobs on Redis are shown, retried and forgotten', async () => {
  const stage = await openStage(drivers[1], redis)
  for (const n of [1, 2]) await stage.shop.dispatch('fail', { n })
  await stage.run(['work', '--max-jobs', '2'])
  const [first, second] = (await stage.shop.events.failed.list()).map(({ job }) => job.id)

  expect(await stage.run(['failed', 'show', first ?? ''])).toMatchObject({
    stdout: expect.stringMatching(/Error: said so\n/),
  })
  expect(await stage.run(['failed', 'retry', first ?? '', 'nobody'])).toMatchObject({
    code: 1,
    stdout: '1 job put back.\n',
  })
  expect(await stage.run(['failed', 'forget', second ?? ''])).toMatchObject({ code: 0, stdout: '1 job forgotten.\n' })
  expect(await stage.shop.events.counts()).toMatchObject([{ waiting: 1, failed: 0 }])
})

test.for([['work'], ['queues'], ['failed', 'list']])(
  'jobs in memory are in the process that dispatched them, and `%s` says so',
  async (command) => {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-work-'))
    onTestFinished(() => rm(dir, { recursive: true }))
    const millrace = pathToFileURL(join(import.meta.dirname, '../../../dist/index.js')).href
    const app = join(dir, 'app.mjs')
    await writeFile(
      app,
      `import { createEvents } from ${JSON.stringify(millrace)}\nexport const events = createEvents()\n`,
    )

    const { code, stderr } = await run([...command, '--app', app])

    expect(code).toBe(1)
    expect(stderr).toMatch(/keeps its jobs in memory.*diskQueue.*bullmq.*\(application_invalid\)/)
  },
)

test('the help of each command has an example or its flags, and docs/cli.md has them all', async () => {
  const page = await readFile(new URL('../../../docs/cli.md', import.meta.url), 'utf8')
  const section = page.split(/^## /m).find((text) => text.startsWith('`millrace failed`')) ?? ''
  for (const command of ['list', 'show', 'retry', 'forget', 'purge']) {
    const { code, stdout } = await run(['failed', command, '--help'])
    expect(code).toBe(0)
    const flags = stdout.match(/(?<=^ +)--[a-z-]+/gm) ?? []
    expect(flags.filter((flag) => flag !== '--help' && !section.includes(flag))).toEqual([])
    expect(section).toContain(`\`failed ${command}`)
  }
})
