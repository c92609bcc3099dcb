/**
 * Check values (CRC-32, RFC 1952, 8) of what is put together from parts that many have in common.
 *
 * A check value is a polynomial over GF(2) modulo {@link modulus}. That of two parts, one behind the other, is the first one's times
 * x to the power of the second one's bits, plus the second one's: so the bytes of a part are looked at once, whoever gets it.
 */

/** As in all of this file, the highest bit is the coefficient of x^0, the lowest that of x^31; x^32 is left out. */
const modulus = 0xedb88320

const one = 1 << 31

/** x^(2^k), by k. The powers repeat after 32 of them. */
const powers: readonly number[] = Array.from({ length: 31 }).reduce<number[]>(
  (known) => {
    const last = known.at(-1) ?? one
    known.push(multiply(last, last))
    return known
  },
  [one >>> 1],
)

/** By what the check value of what stands before so many bytes is multiplied: x^(8 * length). */
export function shiftOf(length: number): number {
  let shift = one
  // From x^(2^3), the shift of one byte.
  for (let rest = length, power = 3; rest > 0; rest = Math.floor(rest / 2), power++) {
    if (rest % 2 === 1) shift = multiply(powers[power % 32] ?? one, shift)
  }
  return shift
}

/** The check value of two parts: `before` is that of the first, `check` that of the second, and `shift` is of the second one's length. */
export function joinChecks(before: number, check: number, shift: number): number {
  return (multiply(shift, before) ^ check) >>> 0
}

function multiply(a: number, b: number): number {
  let product = 0
  let rest = b
  for (let bit = one; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= rest
    rest = (rest & 1) === 0 ? rest >>> 1 : (rest >>> 1) ^ modulus
  }
  return product
}
