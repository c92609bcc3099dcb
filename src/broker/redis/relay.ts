import { globMatcher } from '../../base/glob.ts'

/** Which channels get the raw messages of other programs, and from where. */
export interface Relay {
  /** The Redis channel whose messages belong to `channel`, if any are relayed to it. */
  topicOf(channel: string): string | undefined
  /** The channel to which the messages of a Redis channel go. */
  channelOf(topic: string): string
}

/** @param patterns channel names, in which `*` stands for any run of characters */
export function createRelay(patterns: readonly string[], prefix: string): Relay {
  const matchers = patterns.map(globMatcher)
  return {
    topicOf: (channel) => (matchers.some((matches) => matches(channel)) ? prefix + channel : undefined),
    channelOf: (topic) => topic.slice(prefix.length),
  }
}
