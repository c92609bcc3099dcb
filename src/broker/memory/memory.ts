import { byteLength } from '../../base/bytes.ts'
import { type Clock, systemClock } from '../../base/clock.ts'
import { MillraceError } from '../../base/errors.ts'
import { LocalFollowings } from '../local-followings.ts'
import { type LogView, type Slice, toPage } from '../page.ts'
import type { Broker, Entry, Follower, Following, Outgoing, Page, PageLimit, Position } from '../port.ts'
import { comparePositions, forgottenAt, parsePosition, positionAt } from '../position.ts'
import { isEphemeral } from '../retention.ts'
import { newTag, nextPosition, startAt, type Timeline, timelineOf } from '../timeline.ts'
import { defaultHorizon, defaultIdWindow } from '../windows.ts'
import { ChannelLog } from './channel-log.ts'
import { RecentIds } from './recent-ids.ts'

export interface MemoryOptions {
  /** How long a publisher's `id` makes a repeated append the same message, in ms. @default 10 minutes */
  readonly idWindow?: number
  /** How long a channel is remembered after its last message, in ms. @default 30 days */
  readonly horizon?: number
  readonly clock?: Clock
}

const sweepInterval = 60_000

/**
 * The log in this process: no server, nothing on disk, gone with the process. An acknowledged publish is in memory.
 *
 * Cursors from before the process started get the gap `lost`.
 */
export function memory(options: MemoryOptions = {}): Broker {
  return new MemoryBroker(options)
}

class MemoryBroker implements Broker {
  readonly compare = comparePositions
  readonly parse = parsePosition
  readonly at = positionAt
  readonly timelineOf = timelineOf

  readonly #clock: Clock
  readonly #horizon: number
  readonly #ids: RecentIds
  readonly #start: Position
  readonly #timeline: Timeline
  readonly #channels = new Map<string, ChannelLog>()
  readonly #followings = new LocalFollowings()
  readonly #endSweep: () => void
  #head: Position
  #closed = false

  constructor({ clock = systemClock, horizon = defaultHorizon, idWindow = defaultIdWindow }: MemoryOptions) {
    this.#clock = clock
    this.#horizon = horizon
    this.#ids = new RecentIds(idWindow)
    const tag = newTag([])
    this.#start = this.#head = startAt(clock.now(), tag)
    this.#timeline = { tag, begin: this.#start, parent: this.#start }
    this.#endSweep = clock.every(sweepInterval, () => this.#sweep())
  }

  async append(message: Outgoing): Promise<Position | null> {
    if (this.#closed) throw new MillraceError('broker_closed', 'The broker is closed and takes no more messages.')
    const now = this.#clock.now()
    const known = message.id === undefined ? undefined : this.#ids.find(message.id, now)
    if (known !== undefined) return known.position
    const entry = this.#toEntry(message, now)
    if (entry.position !== null) this.#keep(entry, entry.position, message)
    if (message.id !== undefined) this.#ids.remember(message.id, entry.position, now)
    this.#followings.announce(entry)
    return entry.position
  }

  async read(cursor: Position, channels: readonly string[], limit: PageLimit): Promise<Page> {
    const now = this.#clock.now()
    const view: LogView = {
      start: this.#start,
      head: this.#head,
      forgotten: this.#forgotten(now),
      timelines: [this.#timeline],
    }
    return toPage(view, cursor, channels, limit, (channel, after): Slice => {
      const log = this.#channels.get(channel)
      log?.trim(now)
      return log?.read(after, limit) ?? { entries: [], complete: true, last: undefined }
    })
  }

  async head(): Promise<Position> {
    return this.#head
  }

  attach(follower: Follower): Following {
    return this.#followings.attach(follower)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#endSweep()
    this.#followings.clear()
  }

  #toEntry({ channels, data, event, key, trace, retention }: Outgoing, now: number): Entry {
    // Kept with the entry: one that grows would be many times as large.
    const prev: (Position | null)[] = new Array(channels.length)
    let isKept = false
    for (let index = 0; index < channels.length; index++) {
      const kept = retention[index]
      const keeps = kept !== undefined && !isEphemeral(kept)
      prev[index] = keeps ? (this.#channels.get(channels[index] ?? '')?.last ?? this.#forgotten(now)) : null
      isKept ||= keeps
    }
    const position = isKept ? nextPosition(this.#head, now, this.#timeline.tag) : null
    return { position, prev, channels, data, event, key, trace }
  }

  #keep(entry: Entry, position: Position, { retention }: Outgoing): void {
    this.#head = position
    const size = byteLength(entry.data)
    for (let index = 0; index < entry.channels.length; index++) {
      const channel = entry.channels[index] ?? ''
      const before = entry.prev[index]
      const kept = retention[index]
      if (before == null || kept === undefined) continue
      let log = this.#channels.get(channel)
      if (log === undefined) {
        log = new ChannelLog(before, kept)
        this.#channels.set(channel, log)
      }
      log.append(entry, size, position, kept)
    }
  }

  #forgotten(now: number): Position {
    return forgottenAt(now, this.#horizon, this.#start)
  }

  #sweep(): void {
    const now = this.#clock.now()
    const horizon = positionAt(now - this.#horizon)
    this.#ids.forget(now)
    for (const [channel, log] of this.#channels) {
      log.trim(now)
      if (log.size === 0 && comparePositions(log.last, horizon) < 0) this.#channels.delete(channel)
    }
  }
}
