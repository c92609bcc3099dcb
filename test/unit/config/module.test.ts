import { expect, test } from 'vitest'
import { parses } from '../../../src/config/module.ts'

test('what is no source text is told from what is', () => {
  expect(parses('/app/server.js', "const a = require('a')({ b: true })")).toBe(true)
  expect(parses('/app/server.ts', 'export const a: number = 1')).toBe(true)
  expect(parses('/app/page.tsx', 'export const page = <main>Hello</main>')).toBe(true)
  expect(parses('/app/server.js', "const a = require('a')({\nconst b = 1\n})")).toBe(false)
  expect(parses('/app/server.ts', 'const a: = 1')).toBe(false)
})
