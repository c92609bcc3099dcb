import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { globMatcher } from '../../../src/base/glob.ts'

describe('a glob', () => {
  it.each([
    ['*', ['a', 'OrderPlaced', 'order.placed'], []],
    ['Order*', ['Order', 'OrderPlaced'], ['order', 'NewOrder', 'Orde']],
    ['*Placed', ['Placed', 'OrderPlaced'], ['PlacedOrder']],
    ['order.*.paid', ['order.1.paid', 'order..paid', 'order.a.b.paid'], ['order.paid', 'order.1.paid.late']],
    ['a*b*c', ['abc', 'a-b-c', 'abcbc'], ['acb', 'ab', 'ac']],
    ['aba*aba', ['abaaba', 'aba-aba'], ['aba', 'ababa']],
    ['*a*', ['a', 'bab'], ['b']],
    ['Order', ['Order'], ['OrderPlaced', 'order']],
    ['a.c', ['a.c'], ['abc']],
    ['(a+)*', ['(a+)', '(a+)b'], ['aa']],
  ])('%s fits %j and not %j', (pattern, fitting, others) => {
    const matches = globMatcher(pattern)
    expect(fitting.filter((name) => !matches(name))).toEqual([])
    expect(others.filter((name) => matches(name))).toEqual([])
  })

  it('fits exactly what the regular expression of the same meaning fits', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 8 })
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 })
    const agrees = fc.asyncProperty(text, name, async (pattern, candidate) => {
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(candidate)
      expect(globMatcher(pattern)(candidate)).toBe(expected)
    })
    await fc.assert(agrees, { numRuns: 1_000 })
  })

  it('is tried in time that does not grow with the ways to split a name', () => {
    const matches = globMatcher(`${'*a'.repeat(50)}*b`)
    expect(matches('a'.repeat(200))).toBe(false)
  })
})
