import { MillraceError, quote } from '../base/errors.ts'
import type { Channel } from './define.ts'
import { assertChannelName, defaultMaxNameLength } from './name.ts'

/** A channel as a catalog hands it out; which messages it carries is checked when one is published. */
export type AnyChannel = Pick<Channel, 'pattern' | 'events' | 'history' | 'slow' | 'authorize'>

/** The declared channels of a hub, and which of them a name belongs to. */
export interface Catalog {
  /** The declaration of `name`. @throws {MillraceError} `channel_invalid`, `channel_unknown` */
  find(name: unknown): AnyChannel
}

/** Names found lately. Names come from outside, so what is remembered of them is bounded. */
const maxRemembered = 10_000

/**
 * Of several patterns that match a name, the one with the fewest open parts is meant: `rooms.admin` before
 * `rooms.{room}` before `*`, in whatever order they were declared, so that adding a general channel never opens a special one.
 *
 * @throws {MillraceError} `channel_conflict` for two declarations of one shape
 */
export function createCatalog(channels: readonly AnyChannel[], maxNameLength = defaultMaxNameLength): Catalog {
  const shapes = new Set<string>()
  for (const { pattern } of channels) {
    const shape = pattern.text.replace(/\{[^{}]*\}/g, '{}')
    if (shapes.has(shape))
      throw new MillraceError('channel_conflict', `Two channels are declared as ${quote(pattern.text)}. Keep one.`)
    shapes.add(shape)
  }
  const byExactness = channels.toSorted(
    (a, b) => a.pattern.openness - b.pattern.openness || b.pattern.text.length - a.pattern.text.length,
  )
  const remembered = new Map<string, AnyChannel>()

  return {
    find(name) {
      const known = remembered.get(name as string)
      if (known !== undefined) return known
      assertChannelName(name, maxNameLength)
      const channel = byExactness.find(({ pattern }) => pattern.match(name) !== undefined)
      if (channel === undefined) {
        throw new MillraceError(
          'channel_unknown',
          `The channel ${quote(name)} is not declared here. Declare it with defineChannel, or check its spelling.`,
        )
      }
      if (remembered.size >= maxRemembered) remembered.clear()
      remembered.set(name, channel)
      return channel
    },
  }
}
