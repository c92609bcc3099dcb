import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinChecks, shiftOf } from '../../../src/gzip/crc32.ts'

describe('the check value of two parts', () => {
  test('is that of the two as one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5_000 }), fc.uint8Array({ maxLength: 5_000 }), (first, second) => {
        const joined = joinChecks(crc32(first), crc32(second), shiftOf(second.length))

        expect(joined).toBe(crc32(Buffer.concat([first, second])))
      }),
    )
  })

  test('is right for every length of up to 300 bytes', () => {
    const bytes = randomBytes(400)
    for (let length = 0; length <= 300; length++) {
      const [first, second] = [bytes.subarray(0, 100), bytes.subarray(100, 100 + length)]

      expect(joinChecks(crc32(first), crc32(second), shiftOf(length))).toBe(crc32(bytes.subarray(0, 100 + length)))
    }
  })

  test('is right for a part of many megabytes', () => {
    const second = Buffer.alloc(40 * 1024 * 1024 + 1, 'x')

    expect(joinChecks(crc32('first'), crc32(second), shiftOf(second.length))).toBe(crc32(second, crc32('first')))
  })

  test('of nothing and something is that of something', () => {
    expect(joinChecks(0, crc32('something'), shiftOf(9))).toBe(crc32('something'))
    expect(joinChecks(crc32('something'), 0, shiftOf(0))).toBe(crc32('something'))
  })
})

describe('the shift of a length', () => {
  test('adds up, also beyond what fits into 32 bits', () => {
    const length = 3 * 2 ** 32 + 12_345
    const third = shiftOf(2 ** 32)
    const rest = shiftOf(12_345)

    // Each shift times the check value of a part is that of the part with so many zeros behind it.
    const steps = [third, third, third, rest].reduce((check, shift) => joinChecks(check, 0, shift), crc32('a'))

    expect(joinChecks(crc32('a'), 0, shiftOf(length))).toBe(steps)
  })
})
