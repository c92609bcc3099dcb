import fc from 'fast-check'

/** Places to cut at, as shares of a length, so that one arbitrary serves streams of every length. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  maxLength: 12,
})

interface Sliceable<Part> {
  readonly length: number
  slice(start: number, end: number): Part
}

/** The whole, cut at those places; some of the chunks may be empty. */
export function cutAt<Part>(whole: Sliceable<Part>, places: readonly number[]): Part[] {
  const at = places.map((share) => Math.floor(share * whole.length)).sort((a, b) => a - b)
  return [...at, whole.length].map((end, index) => whole.slice(at[index - 1] ?? 0, end))
}

/** The whole, one unit at a time. */
export function cutEverywhere<Part>(whole: Sliceable<Part>): Part[] {
  return Array.from({ length: whole.length }, (_, index) => whole.slice(index, index + 1))
}
