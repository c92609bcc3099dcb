/**
 * Whether `Accept-Encoding` (RFC 9110, 12.5.3) prefers gzip to the bytes as they are; where both are as welcome, gzip goes first.
 *
 * A client that sends no such header takes anything, says the standard; but it may be one that has never heard of compression. Where a
 * client wants neither, it gets the bytes as they are, rather than nothing.
 */
export function prefersGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false
  const weights = new Map<string, number>()
  for (const item of acceptEncoding.split(',')) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    // `x-gzip` is another name of the same (8.4.1.3).
    if (coding !== '') weights.set(coding === 'x-gzip' ? 'gzip' : coding, weightOf(parameters))
  }
  const gzip = weights.get('gzip') ?? weights.get('*') ?? 0
  // Where it is not spoken of it is acceptable, and less welcome than what is.
  const identity = weights.get('identity') ?? weights.get('*') ?? 0
  return gzip > 0 && gzip >= identity
}

/** A weight that is none, as it stands there, is taken for the least: nobody asked for this. */
function weightOf(parameters: readonly string[]): number {
  const weight = parameters.find((parameter) => /^q=/.test(parameter))
  if (weight === undefined) return 1
  const found = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(weight)
  return found === null ? 0 : Number(found[1])
}
