import type { Broker, ChannelGap, Position } from '../../broker/port.ts'
import type { Run } from './run.ts'

/** What a hub needs of its broker to tell positions apart. */
export type Positions = Pick<Broker, 'compare' | 'timelineOf'>

/** Where somebody reads on from. */
export interface Place {
  readonly after: Position
  /** It is a time: it has seen nothing, and so nothing that could be lost. */
  readonly isTime: boolean
}

interface StretchOptions {
  readonly from: Position
  readonly to: Position
  readonly run: Run
  /** What a reader at `from` is told. */
  readonly gap?: ChannelGap | undefined
  /** Whether `to` was the head of the log when it was read. */
  readonly isHead?: boolean
  /** Whether it is from the log, and not from announcements. */
  readonly isRead: boolean
}

/** A piece of one channel's history: everything that it had after `from`, up to `to`. It never changes. */
export class Stretch {
  readonly from: Position
  readonly to: Position
  readonly run: Run
  readonly isHead: boolean
  readonly isRead: boolean
  readonly #gap: ChannelGap | undefined
  readonly #positions: Positions

  constructor(positions: Positions, { from, to, run, gap, isRead, isHead = false }: StretchOptions) {
    this.from = from
    this.to = to
    this.run = run
    this.isHead = isHead
    this.isRead = isRead
    this.#gap = gap
    this.#positions = positions
  }

  /** Whether it is of use only to those who stand where it begins, or on the same part of the log that was lost. */
  get isLoss(): boolean {
    return this.#gap !== undefined && this.#gap.until === undefined
  }

  /** Whether it is what follows on that place, exactly, and there is something to it. */
  covers({ after, isTime }: Place): boolean {
    const { compare, timelineOf } = this.#positions
    if (after === this.from) return true
    if (compare(after, this.from) < 0) return false
    if (this.isLoss) return this.#gap?.reason === 'lost' && !isTime && this.#isLostWith(timelineOf(after))
    return compare(after, this.to) < 0 && (isTime || this.#vouchesFor(after))
  }

  /** Where a reader at `after` begins in it. Of a log that it has lost it gets all that there is, also what is before its cursor. */
  firstAfter(after: Position): number {
    return this.isLoss ? 0 : this.run.indexAfter(after, this.#positions.compare)
  }

  /** What a reader at `after` has missed of it. */
  gapAt(after: Position): ChannelGap | undefined {
    const until = this.#gap?.until
    return until === undefined || this.#positions.compare(after, until) < 0 ? this.#gap : undefined
  }

  /** The position before `position` after which the channel has had nothing up to there. */
  lastUpTo(position: Position): Position {
    return (
      this.run.deliveries[this.run.indexAfter(position, this.#positions.compare) - 1]?.entry.position ??
      this.#gap?.until ??
      this.from
    )
  }

  /** Whoever has seen more than this lost cursor of a timeline that goes on no longer has lost it as well, and reads on from the same place. */
  #isLostWith(timeline: number): boolean {
    const { timelineOf } = this.#positions
    return timeline === timelineOf(this.from) && timeline !== timelineOf(this.to)
  }

  /**
   * Whether a cursor within it is a place in this log, and not in a part of another: it is one of its entries, or lies between two
   * that are of one timeline, and is of that one too.
   */
  #vouchesFor(cursor: Position): boolean {
    const { compare, timelineOf } = this.#positions
    const index = this.run.indexAfter(cursor, compare)
    const before = this.run.deliveries[index - 1]?.entry.position ?? this.from
    if (before === cursor) return true
    const behind = this.run.deliveries[index]?.entry.position ?? this.to
    const timeline = timelineOf(cursor)
    return timelineOf(before) === timeline && timelineOf(behind) === timeline
  }
}
