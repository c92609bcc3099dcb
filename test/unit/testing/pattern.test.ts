import { describe, expect, it } from 'vitest'
import { fits } from '../../../src/testing/pattern.ts'

const at = new Date(5)

describe('a pattern of data', () => {
  it.each([
    ['an object that has the members', { a: 1, b: 2 }, { a: 1 }, true],
    ['no object that lacks one', { b: 2 }, { a: 1 }, false],
    ['a member that is there and undefined, or is not there', {}, { a: undefined }, true],
    ['members of members', { a: { b: 1, c: 2 } }, { a: { b: 1 } }, true],
    ['a list of as many items', [{ a: 1, b: 2 }], [{ a: 1 }], true],
    ['no list of more items', [1, 2], [1], false],
    ['no object in the place of a list', { 0: 1, length: 1 }, [1], false],
    ['the same date', { at: new Date(5) }, { at }, true],
    ['no other date', { at: new Date(6) }, { at }, false],
    ['a value', 'a', 'a', true],
    ['no other value', 1, '1', false],
    ['NaN', Number.NaN, Number.NaN, true],
    ['null', null, null, true],
    ['no null in the place of an object', null, {}, false],
    ['what an asymmetric matcher takes', { a: 'abc' }, { a: expect.stringContaining('b') }, true],
    ['not what it refuses', { a: 5 }, { a: expect.any(String) }, false],
  ])('takes %s', (_, value, pattern, expected) => {
    expect(fits(value, pattern)).toBe(expected)
  })
})
