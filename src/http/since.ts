import { MillraceError, quote } from '../base/errors.ts'

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const duration = /^(\d{1,12})(ms|s|m|h|d)$/
const epoch = /^\d{1,15}$/

/**
 * The time that `?since=` means, in ms since the Unix epoch: a duration back from now (`30s`, `10m`, `2h`, `1d`), a time in ms
 * since the epoch, or an ISO 8601 date and time.
 *
 * @throws {MillraceError} `cursor_invalid`
 */
export function parseSince(text: string, now: number): number {
  const back = duration.exec(text)
  if (back !== null) return Math.max(0, now - Number(back[1]) * (units[back[2] ?? ''] ?? 0))
  const time = epoch.test(text) ? Number(text) : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) {
    throw new MillraceError(
      'cursor_invalid',
      `The time since=${quote(text)} is not understood. Give a duration such as 30s, 10m, 2h or 1d, ms since the epoch, or an ISO 8601 time.`,
    )
  }
  return time
}
