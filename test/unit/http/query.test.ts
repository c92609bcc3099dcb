import fc from 'fast-check'
import { expect, test } from 'vitest'
import { queryOf } from '../../../src/http/query.ts'

const part = fc.string({ unit: fc.constantFrom('a', 'b', '=', '&', '?', '%', '+', '2', '6', ',', 'ä', '/') })

test('a query is read as URLSearchParams reads it', () => {
  fc.assert(
    fc.property(part, fc.constantFrom('a', 'b', 'aa', ''), (query, name) => {
      const expected = new URLSearchParams(`?${query}`)
      const read = queryOf(`/x?${query}`)

      expect([read.get(name), read.getAll(name)]).toEqual([expected.get(name), expected.getAll(name)])
    }),
    { numRuns: 2_000 },
  )
})

test.for([
  ['/x', null],
  ['//', null],
  ['/x#?a=1', null],
  ['/x?a=1#a=2', '1'],
  ['http://host/x?a=1', '1'],
  ['/x??a=1', null],
  ['/x?a', ''],
] as const)('in %j the parameter is %j', ([url, value]) => {
  expect(queryOf(url).get('a')).toBe(value)
})
