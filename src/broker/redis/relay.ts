import { MillraceError, quote } from '../../base/errors.ts'
import { globMatcher } from '../../base/glob.ts'

/** Which channels get the raw messages of other programs, and from where. */
export interface Relay {
  /** The Redis channel whose messages belong to `channel`, if any are relayed to it. */
  topicOf(channel: string): string | undefined
  /** The channel to which the messages of a Redis channel go. */
  channelOf(topic: string): string
}

/**
 * @param patterns channel names, in which `*` stands for any run of characters
 * @throws {MillraceError} `option_invalid`
 */
export function createRelay(patterns: readonly string[], prefix: string): Relay {
  for (const pattern of patterns) {
    if (pattern !== '' && !/[\s,{}\p{C}]/u.test(pattern)) continue
    throw new MillraceError(
      'option_invalid',
      `The relay pattern ${quote(pattern)} can match no channel: it is empty, or holds white space, a comma, a brace or a control character.`,
    )
  }
  const matchers = patterns.map(globMatcher)
  return {
    topicOf: (channel) => (matchers.some((matches) => matches(channel)) ? prefix + channel : undefined),
    channelOf: (topic) => topic.slice(prefix.length),
  }
}
