import { endOfTurn } from '../../base/turn.ts'
import type { Broker, Page, Position } from '../../broker/port.ts'
import { type Delivery, toDelivery } from '../delivery.ts'
import type { Feed } from '../feed.ts'
import type { Outage } from './outage.ts'
import { pageLimit } from './page.ts'
import { Run } from './run.ts'
import { type Place, Stretch } from './stretch.ts'

/** Reads of the log that are under way at one time. */
const maxReads = 4

/** Channels that are read together; fewer than the least of these wait for another such read to end, and for more to come meanwhile. */
const maxChannels = 100
const leastChannels = 25

/** Someone who needs what a channel has had after a place. */
export interface Want extends Place {
  /** Whether the one it is for is still there. */
  readonly isWanted: () => boolean
}

interface Waiter extends Want {
  readonly resolve: (stretch: Stretch | undefined) => void
}

/** Those who wait for one channel, with cursors of one timeline. */
interface Lane {
  readonly feed: Feed
  readonly timeline: number
  waiters: Waiter[]
  isReading: boolean
}

interface DueLane extends Lane {
  readonly lowest: Position
}

export interface LogQueueContext {
  readonly broker: Broker
  readonly outage: Outage
  /** To be told what has been read, unless it was forgotten meanwhile. */
  readonly onRead: (feed: Feed, stretch: Stretch) => void
}

/**
 * The reads of the log, for everyone who catches up.
 *
 * Of each channel there is one read at a time, and it begins at the lowest place that anyone waits for: whoever waits for a place
 * within what it brings is served by it too. Those served stand where it ended, all at the same place, and are the next to be lowest;
 * so a storm of readers sweeps through a channel's history together, page by page, wherever each of them came in.
 *
 * A channel that several wait for is read alone, so that its page reaches far. Those of one reader each, such as `user.1`, are read
 * together, neighbours in time with each other.
 */
export class LogQueue {
  readonly #context: LogQueueContext
  #lanes = new Map<string, Lane>()
  /** The reads under way, and which of them are of channels of one reader each. */
  #reads = new Set<Promise<void>>()
  #batches = new Set<Promise<void>>()
  #isTimed = false

  constructor(context: LogQueueContext) {
    this.#context = context
  }

  /** What `feed` has had after a place; undefined when that is not wanted any more, or was forgotten. */
  read(feed: Feed, want: Want): Promise<Stretch | undefined> {
    const timeline = this.#context.broker.timelineOf(want.after)
    const key = `${feed.serial} ${timeline} ${want.isTime}`
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = { feed, timeline, waiters: [], isReading: false }
      this.#lanes.set(key, lane)
    }
    const { waiters } = lane
    this.#time()
    return new Promise((resolve) => waiters.push({ ...want, resolve }))
  }

  /** Begins anew: what is being read now answers nobody, because announcements were missed meanwhile. */
  forget(): void {
    const lanes = this.#lanes
    this.#lanes = new Map()
    this.#reads = new Set()
    this.#batches = new Set()
    for (const { waiters } of lanes.values()) for (const { resolve } of waiters) resolve(undefined)
  }

  /** At the end of the turn, so that one read serves all who came in it. */
  #time(): void {
    if (this.#isTimed) return
    this.#isTimed = true
    endOfTurn(() => {
      this.#isTimed = false
      this.#begin()
    })
  }

  #begin(): void {
    if (this.#reads.size >= maxReads) return
    const due = this.#due()
    const alone = due.filter(({ waiters }) => waiters.length > 1)
    const single = due.filter(({ waiters }) => waiters.length === 1)
    for (const lane of alone) void this.#start([lane])
    for (const batch of this.#batch(single)) {
      if (this.#batches.size > 0 && batch.length < leastChannels) continue
      const read = this.#start(batch)
      if (read !== undefined) this.#batches.add(read)
    }
  }

  #start(lanes: readonly DueLane[]): Promise<void> | undefined {
    if (this.#reads.size >= maxReads) return undefined
    const read = this.#read(lanes).then(() => {
      this.#reads.delete(read)
      this.#batches.delete(read)
      this.#time()
    })
    this.#reads.add(read)
    return read
  }

  /** What can be read, and from where. Those whose readers have gone are let go. */
  #due(): DueLane[] {
    const { compare } = this.#context.broker
    const due: DueLane[] = []
    for (const [key, lane] of this.#lanes) {
      if (lane.isReading) continue
      for (const { isWanted, resolve } of lane.waiters) if (!isWanted()) resolve(undefined)
      lane.waiters = lane.waiters.filter(({ isWanted }) => isWanted())
      const [first, ...others] = lane.waiters
      if (first === undefined) {
        this.#lanes.delete(key)
        continue
      }
      let lowest = first.after
      for (const { after } of others) if (compare(after, lowest) < 0) lowest = after
      due.push(Object.assign(lane, { lowest }))
    }
    return due
  }

  #batch(lanes: readonly DueLane[]): DueLane[][] {
    const { compare } = this.#context.broker
    const batches: DueLane[][] = []
    for (const lane of lanes.toSorted((a, b) => a.timeline - b.timeline || compare(a.lowest, b.lowest))) {
      const batch = batches.at(-1)
      const first = batch?.[0]
      // A channel may be waited for at a time and at a cursor both.
      const fits =
        first?.timeline === lane.timeline &&
        batch !== undefined &&
        batch.length < maxChannels &&
        !batch.some(({ feed }) => feed === lane.feed)
      if (fits) batch.push(lane)
      else batches.push([lane])
    }
    return batches
  }

  async #read(lanes: readonly DueLane[]): Promise<void> {
    const { broker, onRead, outage } = this.#context
    const [first] = lanes
    if (first === undefined) return
    const all = this.#lanes
    for (const lane of lanes) lane.isReading = true
    const after = first.lowest
    const channels = lanes.map(({ feed }) => feed.channel)
    const page = await outage.outlast(
      () => broker.read(after, channels, pageLimit),
      () => all === this.#lanes && lanes.some(({ waiters }) => waiters.some(({ isWanted }) => isWanted())),
    )
    if (all !== this.#lanes) return
    for (const lane of lanes) lane.isReading = false
    if (page === undefined) return
    const found = deliveriesOf(page, channels)
    for (const lane of lanes) {
      const { channel } = lane.feed
      const stretch = new Stretch(broker, {
        from: after,
        to: page.next,
        run: new Run(found.get(channel) ?? []),
        gap: page.gaps.find((gap) => gap.channel === channel),
        isHead: page.done,
        isRead: true,
      })
      onRead(lane.feed, stretch)
      const { waiters } = lane
      lane.waiters = []
      for (const waiter of waiters) {
        if (stretch.covers(waiter)) waiter.resolve(stretch)
        else lane.waiters.push(waiter)
      }
    }
  }
}

/** The entries of a page by channel, each framed once. */
function deliveriesOf(page: Page, channels: readonly string[]): Map<string, Delivery[]> {
  const found = new Map<string, Delivery[]>(channels.map((channel) => [channel, []]))
  for (const entry of page.entries) {
    const delivery = toDelivery(entry)
    for (const channel of entry.channels) found.get(channel)?.push(delivery)
  }
  return found
}
