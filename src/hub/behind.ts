import type { Feed } from './feed.ts'

/**
 * Tells those who are behind of a message that has gone to the live, where the log will not have it for them: on a channel that
 * keeps nothing, unless they have another of its channels that does.
 *
 * @param isKept Whether any channel keeps it at all.
 */
export function passBehind(feeds: readonly Feed[], isKept: boolean): void {
  const keeping = isKept ? feeds.filter((feed) => feed.kept) : []
  for (const feed of feeds) {
    if (feed.behind.size === 0 || keeping.includes(feed)) continue
    for (const reader of feed.behind) if (!keeping.some(({ behind }) => behind.has(reader))) reader.miss(feed)
  }
}
