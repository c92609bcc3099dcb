import type { TestRunner } from '../../config/config.ts'

/** How a runner's tests are written. */
export interface TestDialect {
  /** A test file: the imports that are given, those of the runner as far as `tests` use it, and the tests. */
  file(imports: readonly string[], tests: readonly string[]): string
  /** The same value. */
  same(actual: string, expected: string): string
  /** Of the same content. */
  equal(actual: string, expected: string): string
  /** `call` throws an error with this code. */
  throws(call: string, code: string): string
  /** The promise that `call` gives is rejected with such an error. */
  rejects(call: string, code: string): string
}

/** The dialect of `runner`. */
export function dialectOf(runner: TestRunner): TestDialect {
  return runner === 'node' ? node : expecting(runner)
}

const node: TestDialect = {
  file: (imports, tests) => {
    const own = uses(tests, 'assert') ? ["import assert from 'node:assert/strict';"] : []
    return toFile([...own, "import { test } from 'node:test';", ...imports], tests)
  },
  same: (actual, expected) => `assert.equal(${actual}, ${expected});`,
  equal: (actual, expected) => `assert.deepEqual(${actual}, ${expected});`,
  throws: (call, code) => `assert.throws(() => ${call}, { code: '${code}' });`,
  rejects: (call, code) => `await assert.rejects(${call}, { code: '${code}' });`,
}

function expecting(runner: 'vitest' | 'jest'): TestDialect {
  const module = runner === 'vitest' ? 'vitest' : '@jest/globals'
  return {
    file: (imports, tests) => {
      const names = uses(tests, 'expect') ? 'expect, test' : 'test'
      return toFile([...imports, `import { ${names} } from '${module}';`], tests)
    },
    same: (actual, expected) => `expect(${actual}).toBe(${expected});`,
    equal: (actual, expected) => `expect(${actual}).toEqual(${expected});`,
    throws: (call, code) => `expect(() => ${call}).toThrow(expect.objectContaining({ code: '${code}' }));`,
    rejects: (call, code) => `await expect(${call}).rejects.toMatchObject({ code: '${code}' });`,
  }
}

function uses(tests: readonly string[], name: string): boolean {
  return tests.some((text) => new RegExp(`\\b${name}[.(]`).test(text))
}

/** Imports by their modules, of Node before packages before files. */
function toFile(imports: readonly string[], tests: readonly string[]): string {
  const key = (line: string) => {
    const module = /'([^']+)';$/.exec(line)?.[1] ?? ''
    return `${module.startsWith('node:') ? 0 : module.startsWith('.') ? 2 : 1}${module}`
  }
  const sorted = imports.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
  return `${[sorted.join('\n'), ...tests].join('\n\n')}\n`
}
