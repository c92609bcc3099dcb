import { type LogView, type Slice, toPage } from '../../src/broker/page.ts'
import type { Broker, Entry, Follower, Position } from '../../src/broker/port.ts'
import { comparePositions, parsePosition, positionAt } from '../../src/broker/position.ts'
import { newTag, nextPosition, startAt, type Timeline, timelineOf } from '../../src/broker/timeline.ts'

/** A log that can lose its end, as a failover to a replica that is behind makes it do. */
export interface BranchingBroker extends Broker {
  /**
   * Loses the last entries, and goes on by another clock; what gives the next position begins a timeline.
   *
   * @returns whether the log still knows all timelines that it had
   */
  failOver(lost: number, clockBehind: number): boolean
  /** What it has now, oldest first. */
  readonly entries: readonly Entry[]
}

const maxReads = 5_000

/** Keeps everything, on all channels. */
export function branchingBroker(): BranchingBroker {
  const begin = 1_000_000
  const start = startAt(begin, 1)
  let timelines: readonly Timeline[] = [{ tag: 1, begin: start, parent: start }]
  const followings = new Set<{ follower: Follower; channels: Set<string> }>()
  let entries: Entry[] = []
  let now = begin
  let isBranch = false
  let reads = 0
  const head = () => entries.at(-1)?.position ?? start
  const lastOf = (channel: string) => entries.findLast((entry) => entry.channels.includes(channel))?.position ?? start

  const nextAfter = (parent: Position): Position => {
    if (!isBranch) return nextPosition(parent, ++now, timelines.at(-1)?.tag ?? 1)
    isBranch = false
    const tag = newTag(timelines)
    const position = nextPosition(parent, ++now, tag)
    timelines = [...timelines, { tag, begin: position, parent }]
    return position
  }
  return {
    compare: comparePositions,
    timelineOf,
    parse: parsePosition,
    at: positionAt,
    async append({ channels, data, event, key }) {
      const prev = channels.map(lastOf)
      const entry = { position: nextAfter(head()), prev, channels, data, event, key }
      entries.push(entry)
      for (const { follower, channels: followed } of followings)
        if (channels.some((channel) => followed.has(channel))) follower.onEntry(entry)
      return entry.position
    },
    async read(cursor, channels, limit) {
      // A reader that asks again and again without a turn in between would never end, and never fail.
      if (++reads > maxReads) throw new Error('This is read for ever.')
      const view: LogView = { start, head: head(), forgotten: start, timelines }
      return toPage(view, cursor, channels, limit, (channel, after): Slice => {
        const found = entries.filter(
          (entry) => entry.channels.includes(channel) && comparePositions(entry.position ?? '', after) > 0,
        )
        return { entries: found, complete: true, last: lastOf(channel) }
      })
    },
    head: async () => head(),
    attach(follower) {
      const following = { follower, channels: new Set<string>() }
      followings.add(following)
      return {
        follow: async (channel) => void following.channels.add(channel),
        unfollow: (channel) => void following.channels.delete(channel),
        close: async () => void followings.delete(following),
      }
    },
    async close() {},
    failOver(lost, clockBehind) {
      entries = entries.slice(0, Math.max(0, entries.length - lost))
      // A timeline that began in what is lost is lost with it.
      const kept = timelines.filter(({ begin }) => comparePositions(begin, head()) <= 0)
      const knowsAll = kept.length === timelines.length
      timelines = kept
      now -= clockBehind
      isBranch = true
      return knowsAll
    },
    get entries() {
      return entries
    },
  }
}
