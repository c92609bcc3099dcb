import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createDirectory } from './support/directory.ts'

const bulk = fileURLToPath(new URL('support/bulk.js', import.meta.url))

test.skipIf(process.platform !== 'linux')('a log of 100 MB is written and read in little memory', async () => {
  const dir = await createDirectory()
  // A small young generation, because what V8 sets aside for garbage is not what is measured.
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-semi-space-size=2', bulk, dir])

  const { read, written, after } = JSON.parse(stdout) as Record<string, { all: number; mapped: number }>
  expect(read).toBe(10_001)
  expect(written?.mapped).toBeLessThan(10)
  expect(after?.mapped).toBeLessThan(10)
  expect(written?.all).toBeLessThan(50)
  expect(after?.all).toBeLessThan(50)
})
