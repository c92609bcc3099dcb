import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blocksOf } from './support/blocks.ts'
import { createProject, type Project, root } from './support/project.ts'

const blocks = blocksOf(await readFile(join(root, 'docs/testing.md'), 'utf8'))
let project: Project

beforeAll(async () => {
  project = await createProject()
  for (const { file, code } of blocks) if (file !== undefined) await project.write(file, code)
})

afterAll(() => project?.remove())

describe('the tests of the page', () => {
  test('that are for vitest pass, and it ends', async () => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    const { stdout } = await run([vitest, 'run', '--root', project.dir, '--reporter=json'])

    expect(JSON.parse(stdout)).toMatchObject({ success: true, numTotalTests: 3, numPassedTests: 3 })
  })

  test.for(blocks.filter(({ code }) => code.includes("from 'node:test'")))(
    'that begin at line $line pass with node --test, and it ends by itself',
    async ({ code, line }) => {
      const file = `line-${line}.test.ts`
      await project.write(file, code)
      await project.compile()

      const { stdout } = await run(['--test', join(project.dir, file.replace(/ts$/, 'js'))])

      expect(stdout).toMatch(/^(# |ℹ )fail 0$/m)
      expect(stdout).not.toMatch(/^(# |ℹ )pass 0$/m)
    },
  )
})

/** In an environment that does not say that vitest runs already. */
function run(args: readonly string[]) {
  const { VITEST: _, NODE_OPTIONS: __, ...env } = process.env
  return promisify(execFile)(process.execPath, args, { cwd: project.dir, env, timeout: 60_000 })
}
