import { MillraceError, quote } from '../base/errors.ts'
import { encodeEvent } from './encode.ts'

/** What the hub says to its readers, as against what publishers say: application names may not begin so. */
export const controlPrefix = 'millrace:'

export const controlEvents = {
  gap: 'millrace:gap',
} as const

export const gapReasons = ['expired', 'lost', 'unknown', 'overflow'] as const

/**
 * Why messages after a cursor can no longer be had.
 *
 * - `expired`: retention has removed them.
 * - `lost`: the broker has lost them (restarted empty, failed over and behind); its log starts after the cursor.
 * - `unknown`: the cursor is malformed or not of this broker, so what came after it cannot be told.
 * - `overflow`: the reader was connected and slower than the channel, and what it missed is not kept for it to catch up on.
 */
export type GapReason = (typeof gapReasons)[number]

/** What a subscriber is told when messages after its cursor can no longer be had. */
export interface Gap {
  readonly channels: readonly string[]
  readonly reason: GapReason
}

/**
 * Whether a publisher may not give this name to an event.
 *
 * Besides our own, `open` and `error`: an `EventSource` fires those itself (HTML standard, 9.2.3 "Processing model"),
 * and a handler could not tell a message of that name from a connection that opened or failed. `message` is free: it
 * is the same as no name.
 */
export function isReservedEventName(name: string): boolean {
  return name === 'open' || name === 'error' || name.startsWith(controlPrefix)
}

/**
 * The block that tells of a gap.
 *
 * It has no id, so the reader's cursor stays where it was: telling of a gap must not itself move anyone past a message.
 */
export function encodeGap(gap: Gap): string {
  return encodeEvent({
    event: controlEvents.gap,
    data: JSON.stringify({ reason: gap.reason, channels: gap.channels }),
  })
}

/**
 * The gap in the data of a `millrace:gap` event.
 *
 * A reason that this version does not know is read as `unknown`: a newer hub's gap is still a gap.
 *
 * @throws {MillraceError} `stream_invalid` when the data is not a gap at all.
 */
export function parseGap(data: string): Gap {
  const { channels, reason } = parseObject(data)
  if (!isNameList(channels) || typeof reason !== 'string') throw invalidGap(data)
  return { channels, reason: gapReasons.find((known) => known === reason) ?? 'unknown' }
}

function parseObject(data: string): { readonly channels?: unknown; readonly reason?: unknown } {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch (cause) {
    throw invalidGap(data, cause)
  }
  if (typeof value !== 'object' || value === null) throw invalidGap(data)
  return value
}

function isNameList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string')
}

function invalidGap(data: string, cause?: unknown): MillraceError {
  return new MillraceError(
    'stream_invalid',
    `The data of a ${controlEvents.gap} event is not {"reason", "channels"}: ${quote(data)}. ` +
      'Take it as a gap on every channel, and check what stands between this reader and the hub.',
    cause === undefined ? {} : { cause },
  )
}
