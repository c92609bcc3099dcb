import { createCatalog } from '../channels/catalog.ts'
import { defineChannel } from '../channels/define.ts'
import type { SlowPolicy } from '../channels/slow.ts'

/** Patterns of channels, by what becomes of their slow readers; the most exact one that matches a name counts. */
export interface SlowPatterns {
  readonly conflate?: readonly string[] | undefined
  readonly disconnect?: readonly string[] | undefined
}

/**
 * What becomes of the slow readers of a channel. It opens none: that is for other patterns to say.
 *
 * @throws {MillraceError} `pattern_invalid`, `channel_conflict`
 */
export function createSlowPolicies({ conflate = [], disconnect = [] }: SlowPatterns): (channel: string) => SlowPolicy {
  const declared = [
    ...conflate.map((pattern) => defineChannel(pattern, { slow: 'conflate' })),
    ...disconnect.map((pattern) => defineChannel(pattern, { slow: 'disconnect' })),
  ]
  const isWhole = declared.some(({ pattern }) => pattern.text === '*')
  const catalog = createCatalog(isWhole ? declared : [...declared, defineChannel('*')])
  return (channel) => catalog.find(channel).slow ?? 'catch-up'
}
