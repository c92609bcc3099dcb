import type { Trace } from '../base/trace.ts'
import type { GapReason } from '../sse/control.ts'
import type { Retention } from './retention.ts'

/**
 * A message's place in the total order of a broker's log. Opaque outside the broker: compare it with
 * {@link Broker.compare}, and send it as it is. Printable ASCII, without white space.
 */
export type Position = string

/** What is published, on one or several channels. */
export interface Message {
  /** At least one; no name twice. */
  readonly channels: readonly string[]
  readonly data: string
  readonly event?: string | undefined
  readonly key?: string | undefined
  /** What it was published in the course of, where somebody traces that. It is for hubs, and never sent to a subscriber. */
  readonly trace?: Trace | undefined
}

export interface Outgoing extends Message {
  /** One for each channel, in the same order. */
  readonly retention: readonly Retention[]
  /** The publisher's own id: an append that repeats it is not a second message. */
  readonly id?: string | undefined
  /** How long to wait for a broker that is away, in ms. Left out: as long as the broker does by itself. */
  readonly wait?: number | undefined
}

/** A message as the log keeps it and as it is announced. */
export interface Entry extends Message {
  /** Null for a message that no channel keeps. */
  readonly position: Position | null
  /**
   * For each channel, in the same order, the position of the entry before it in that channel; null where the channel keeps
   * nothing. A reader that has not seen `prev` has missed something, whatever was trimmed meanwhile.
   */
  readonly prev: readonly (Position | null)[]
}

/** The position before `entry` in one of its channels. */
export function prevIn(entry: Entry, channel: string): Position | null | undefined {
  return entry.prev[entry.channels.indexOf(channel)]
}

export interface ChannelGap {
  readonly channel: string
  readonly reason: GapReason
  /**
   * The last position of what is missing, where that is known: a reader whose cursor is there or later misses nothing. Left out where
   * the whole log is another one.
   */
  readonly until?: Position
}

/** What a reader gets for its cursor. */
export interface Page {
  /** In order of position, each once however many of its channels were asked for. */
  readonly entries: readonly Entry[]
  /**
   * Channels of which something after the cursor can no longer be had. A gap may end after `next`; then the next page names it too,
   * as every page does whose cursor lies before the gap's end.
   */
  readonly gaps: readonly ChannelGap[]
  /** The cursor to go on from: everything on these channels up to here was in this page or an earlier one. */
  readonly next: Position
  /** Whether `next` was the head of the log when it was read. */
  readonly done: boolean
}

export interface PageLimit {
  /** At most so many entries. */
  readonly entries: number
  /** Stops after the entry that passes this many UTF-16 code units of data, so that a page always has one. */
  readonly bytes: number
}

/** Who is told of what is appended. Nothing here may throw. */
export interface Follower {
  onEntry(entry: Entry): void
  /** From now on announcements may be missed. */
  onInterrupted(): void
  /** Every followed channel is announced again; what was missed since the interruption is in the log. */
  onResumed(): void
  onError(error: unknown): void
}

/** One hub's ear on the broker. */
export interface Following {
  /**
   * Resolves when everything appended to `channel` from then on is sure to be announced. While the broker is away it
   * waits; when the following is closed it resolves too, as there is nothing more to wait for.
   */
  follow(channel: string): Promise<void>
  /** Ends it. A `follow` after it counts as new. */
  unfollow(channel: string): void
  close(): Promise<void>
}

/**
 * Where messages are kept and passed between nodes. Implementations are tested by `brokerContract` of `millrace/testing`.
 *
 * A broker MUST
 * - take the next position, append to every channel and announce in one atomic step, in order of position;
 * - announce each entry to each follower of one of its channels at least once, in order of position, after it can be read;
 * - announce to the publisher's own follower as to any other: nobody filters echoes;
 * - tell a gap for a cursor it cannot vouch for, and MUST NOT skip silently;
 * - keep data, event, key and trace unchanged, and announce them as they are kept.
 *
 * A broker need not check names, fields or sizes: the hub has done so.
 */
export interface Broker {
  /**
   * Resolves with the position when the message is kept as this broker keeps it (its documentation says what that means), and
   * with null when none of its channels keeps anything.
   *
   * @throws {MillraceError} `broker_unavailable`, `broker_closed`
   */
  append(message: Outgoing): Promise<Position | null>
  /** Entries of `channels` after the cursor `after`, from one consistent view of the log. */
  read(after: Position, channels: readonly string[], limit: PageLimit): Promise<Page>
  /** The position of the last entry of all, or the start of an empty log. */
  head(): Promise<Position>
  /** Begins to tell `follower` about the channels that it will follow. */
  attach(follower: Follower): Following
  /** Negative, zero or positive, as for sorting. */
  compare(a: Position, b: Position): number
  /**
   * Names the stretch of the log's history that a position is of: where two positions have the same name, so has every sound one
   * between them, and one that has another name is of a part that was lost. Always the same where a log cannot lose its end.
   */
  timelineOf(position: Position): number
  /** The position that a cursor from outside spells, or undefined where it is not one of this broker's. */
  parse(cursor: string): Position | undefined
  /**
   * The cursor that is before everything published in or after the millisecond `ms`. It is a time and not something that was seen:
   * reading from it MUST NOT tell `lost` where the log began later or has not come to it.
   */
  at(ms: number): Position
  close(): Promise<void>
}
