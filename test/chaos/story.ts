import type { GapTold, Received, Recorded } from './history.ts'
import { compare } from './place.ts'

type At<T> = T & { readonly index: number }

/** A gap as it was told to one reader, with what it knew before and after. */
export interface ToldGap extends At<GapTold> {
  /** The reader's last id before it. */
  readonly cursor: string | undefined
  /** With which cursor the connection began, and where in the history. */
  readonly from: string | undefined
  readonly since: number
  /** Ms since the beginning, when it was asked for. */
  readonly sinceAt: number
  /** The next id on the same connection: the gap reaches to it. Undefined where the connection ended before it. */
  next: string | undefined
}

/** From one id to the next, and what was told between. */
export interface Move {
  readonly index: number
  readonly from: string
  readonly to: string
  /** Channels that were told `lost` between. */
  readonly lost: readonly string[]
}

/** All that one reader went through, over its whole life. */
export interface Story {
  readonly reader: number
  readonly channels: readonly string[]
  readonly messages: readonly At<Received>[]
  readonly gaps: readonly ToldGap[]
  /** The first id that it ever got: from here on it is promised everything. */
  readonly start: string | undefined
  /** The highest id that it got. */
  readonly end: string | undefined
  /** Blocks whose id was not after the one before. */
  readonly steps: readonly Move[]
  /** All its moves, but for those to where it was. */
  readonly moves: readonly Move[]
}

/** The stories of all readers, by their number. */
export function toStories(events: readonly Recorded[]): Story[] {
  const stories = new Map<number, Writer>()
  events.forEach((event, index) => {
    if (!('connection' in event)) return
    let story = stories.get(event.reader)
    if (story === undefined) {
      story = new Writer(event.reader)
      stories.set(event.reader, story)
    }
    story.add(event, index)
  })
  return [...stories.values()]
}

class Writer implements Story {
  readonly reader: number
  channels: readonly string[] = []
  readonly messages: At<Received>[] = []
  readonly gaps: ToldGap[] = []
  readonly steps: Move[] = []
  readonly moves: Move[] = []
  start: string | undefined
  end: string | undefined
  #cursor: string | undefined
  #from: string | undefined
  #since = 0
  #sinceAt = 0
  /** Gaps that no id has followed yet. */
  #open: ToldGap[] = []
  /** After a log was lost, the next id may be anywhere. */
  #lost = new Set<string>()

  constructor(reader: number) {
    this.reader = reader
  }

  add(event: Extract<Recorded, { connection: number }>, index: number): void {
    if (event.type === 'connect') {
      this.channels = event.channels
      this.#from = event.cursor
      this.#since = index
      this.#sinceAt = event.at
      this.#open = []
    } else if (event.type === 'gap') {
      const gap = {
        ...event,
        index,
        cursor: this.#cursor,
        from: this.#from,
        since: this.#since,
        sinceAt: this.#sinceAt,
        next: undefined,
      }
      this.gaps.push(gap)
      this.#open.push(gap)
      if (event.reason === 'lost') for (const channel of event.channels) this.#lost.add(channel)
    } else if (event.type === 'place') {
      if (event.id !== '') this.#move(event.id, index, false)
    } else if (event.type === 'message') {
      this.messages.push({ ...event, index })
      if (event.id !== undefined) this.#move(event.id, index, true)
    }
  }

  #move(id: string, index: number, isMessage: boolean): void {
    for (const gap of this.#open) gap.next = id
    this.#open = []
    if (this.#cursor !== undefined) {
      const move = { index, from: this.#cursor, to: id, lost: [...this.#lost] }
      const order = compare(id, this.#cursor)
      if (order !== 0) this.moves.push(move)
      if (this.#lost.size === 0 && (order < 0 || (isMessage && order === 0))) this.steps.push(move)
    }
    // A stream that opens tells the reader the cursor that it came with, before it is told what that is worth.
    if (id !== this.#cursor) this.#lost.clear()
    // A first block that is a message is the first after the reader's place, and not the place itself; but a stream opens with an id.
    this.start ??= id
    this.#cursor = id
    if (this.end === undefined || compare(id, this.end) > 0) this.end = id
  }
}
