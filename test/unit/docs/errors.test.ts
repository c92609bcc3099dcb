import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { errorCodes } from '../../../src/base/errors.ts'

const page = await readFile(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (.+) \| (.+) \|$/gm)]

test('docs/errors.md explains every code once, and none that there is not', () => {
  const explained = rows.map(([, code]) => code)

  expect(explained.toSorted()).toEqual(Object.keys(errorCodes).toSorted())
})

test('docs/errors.md has the status of every code', () => {
  const statuses = rows.map(([, code, status]) => [code, Number(status)])

  expect(Object.fromEntries(statuses)).toEqual(errorCodes)
})
