/** The most that a client may make a publish wait, in seconds. */
const mostWait = 60

/**
 * How long a client is willing to wait, in ms: `Prefer: wait=10` (RFC 7240, 4.3, in seconds), or undefined. As that asks, a
 * preference that is not understood is as good as none.
 */
export function readWait(prefer: string | undefined): number | undefined {
  for (const preference of (prefer ?? '').split(',')) {
    const found = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(;|$)/i.exec(preference)
    if (found !== null) return Math.min(Number(found[1]), mostWait) * 1_000
  }
  return undefined
}
