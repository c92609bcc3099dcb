/**
 * The first index from `from` up to `end` at which `isPast` is true, or `end`; by halves, so once it is true it MUST stay so.
 */
export function firstIndex(from: number, end: number, isPast: (index: number) => boolean): number {
  let low = from
  let high = end
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isPast(middle)) high = middle
    else low = middle + 1
  }
  return low
}
