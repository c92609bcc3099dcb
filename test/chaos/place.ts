/** Positions as the checker reads them, by itself: what is wrong with the hub's own reading must not be hidden by it. */

type Parts = readonly [ms: number, seq: number]

/** A history has few positions, and compares them millions of times. */
const parsed = new Map<string, Parts>()

function partsOf(position: string): Parts {
  let parts = parsed.get(position)
  if (parts === undefined) {
    parts = parse(position)
    parsed.set(position, parts)
  }
  return parts
}

function parse(position: string): Parts {
  const [ms = '', seq = '', ...more] = position.split('-')
  if (!/^\d+$/.test(ms) || !/^\d+$/.test(seq) || more.length > 0) throw new Error(`No position: ${position}`)
  return [Number(ms), Number(seq)]
}

export function msOf(position: string): number {
  return partsOf(position)[0]
}

/** Negative, zero or positive, as for sorting. */
export function compare(a: string, b: string): number {
  const [aMs, aSeq] = partsOf(a)
  const [bMs, bSeq] = partsOf(b)
  return aMs - bMs || aSeq - bSeq
}

export function isAfter(a: string, b: string | undefined): boolean {
  return b === undefined || compare(a, b) > 0
}
