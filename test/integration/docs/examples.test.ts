import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { root } from './support/project.ts'

test('the tests of examples/notifications pass, and end by themselves', async () => {
  const { VITEST: _, NODE_OPTIONS: __, ...env } = process.env
  const args = ['--test', join(root, 'examples/notifications/test/orders.test.js')]

  const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 30_000 })

  expect(stdout).toMatch(/^(# |ℹ )pass 5$/m)
  expect(stdout).toMatch(/^(# |ℹ )fail 0$/m)
})
