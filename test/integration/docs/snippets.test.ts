import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { blocksOf } from './support/blocks.ts'
import { createProject, type Project, root } from './support/project.ts'

/** Blocks that name a file are parts of a program; the others are whole, and end by themselves. */
const pages = [
  'events',
  'queues',
  'channels',
  'disk',
  'redis',
  'errors',
  'from-laravel',
  'tracing',
  'outbox',
  'testing',
]

const snippets = await Promise.all(
  pages.map(async (page) => {
    const blocks = blocksOf(await readFile(join(root, 'docs', `${page}.md`), 'utf8'))
    return blocks
      .filter(({ language }) => language === 'ts')
      .map(({ file, code, line }) => ({
        place: `docs/${page}.md:${line}`,
        path: `${page}/${file ?? `line-${line}.ts`}`,
        isWhole: file === undefined,
        code,
      }))
  }),
).then((all) => all.flat())

let project: Project
let redis: Awaited<ReturnType<typeof startRedis>>
let postgres: Awaited<ReturnType<typeof startPostgres>>

beforeAll(async () => {
  ;[redis, postgres] = await Promise.all([startRedis(), startPostgres()])
  project = await createProject()
  for (const { path, code } of snippets) await project.write(path, code)
  await project.compile()
})

afterAll(async () => {
  await project?.remove()
  await redis?.stop()
  await postgres?.stop()
})

describe.concurrent('the code of', () => {
  test.for(snippets.filter(({ isWhole }) => isWhole))('$place runs, and ends', async ({ path }) => {
    const file = join(project.dir, path.replace(/ts$/, 'js'))
    const env = { ...process.env, REDIS_URL: redis.url, DATABASE_URL: postgres.url }
    const { stderr } = await promisify(execFile)(process.execPath, [file], { cwd: project.dir, env, timeout: 20_000 })

    expect(stderr, basename(file)).toBe('')
  })
})
