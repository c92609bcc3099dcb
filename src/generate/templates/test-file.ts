import type { TestRunner } from '../../config/config.ts'

/** How a runner's tests are written. */
export interface TestDialect {
  /** The imports of a test file, those that are given among them. */
  imports(others: readonly string[]): string
  /** The same value. */
  same(actual: string, expected: string): string
  /** Of the same content. */
  equal(actual: string, expected: string): string
  /** `call` throws an error with this code. */
  throws(call: string, code: string): string
}

/** The dialect of `runner`. */
export function dialectOf(runner: TestRunner): TestDialect {
  return runner === 'node' ? node : expecting(runner)
}

const node: TestDialect = {
  imports: (others) =>
    ["import assert from 'node:assert/strict';", "import { test } from 'node:test';", ...others].join('\n'),
  same: (actual, expected) => `assert.equal(${actual}, ${expected});`,
  equal: (actual, expected) => `assert.deepEqual(${actual}, ${expected});`,
  throws: (call, code) => `assert.throws(() => ${call}, { code: '${code}' });`,
}

function expecting(runner: 'vitest' | 'jest'): TestDialect {
  const own = runner === 'vitest' ? 'vitest' : '@jest/globals'
  return {
    imports: (others) => sorted([...others, `import { expect, test } from '${own}';`]).join('\n'),
    same: (actual, expected) => `expect(${actual}).toBe(${expected});`,
    equal: (actual, expected) => `expect(${actual}).toEqual(${expected});`,
    throws: (call, code) => `expect(() => ${call}).toThrow(expect.objectContaining({ code: '${code}' }));`,
  }
}

/** By the module, packages before files. */
function sorted(imports: readonly string[]): readonly string[] {
  const moduleOf = (line: string) => /'([^']+)';$/.exec(line)?.[1] ?? ''
  const key = (line: string) => `${moduleOf(line).startsWith('.') ? 1 : 0}${moduleOf(line)}`
  return imports.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}
