import { writeFile } from 'node:fs/promises'

/** A publisher begins to publish a message, which it will try, with one `id`, until it is answered or given up. */
interface Publish {
  readonly type: 'publish'
  readonly message: number
  readonly publisher: number
  readonly channels: readonly string[]
  readonly event?: string | undefined
  readonly bytes: number
  readonly sum: number
}

/** What came of it. After `unsure` it may have happened; a publish that was `givenUp` may still happen. */
interface Published {
  readonly type: 'acknowledged'
  readonly message: number
  readonly position: string
}

interface Unpublished {
  readonly type: 'unsure' | 'given-up' | 'never-answered'
  readonly message: number
  readonly why?: string
}

interface OfConnection {
  readonly reader: number
  /** Unique over all readers. */
  readonly connection: number
}

interface Connect extends OfConnection {
  readonly type: 'connect'
  readonly channels: readonly string[]
  readonly cursor?: string | undefined
}

interface Open extends OfConnection {
  readonly type: 'open'
}

interface End extends OfConnection {
  readonly type: 'end'
  readonly why: string
}

export interface Received extends OfConnection {
  readonly type: 'message'
  /** What stood in the block itself; undefined where it had none. */
  readonly id?: string | undefined
  readonly message: number
  readonly channels: readonly string[]
  readonly event?: string | undefined
  readonly sum: number
}

/** A block that had an id and no data. */
interface Place extends OfConnection {
  readonly type: 'place'
  readonly id: string
}

export interface GapTold extends OfConnection {
  readonly type: 'gap'
  readonly channels: readonly string[]
  readonly reason: string
}

/** Something that nobody should see, whatever the faults: a status, a block that cannot be read. */
interface Odd {
  readonly type: 'odd'
  readonly reader?: number
  readonly message?: number
  readonly what: string
}

interface Fault {
  readonly type: 'fault' | 'healed'
  readonly kind: string
  readonly detail?: string | undefined
}

/**
 * From here on the log is another one. What was given a position up to `ms` and after `shared` is lost with the one before;
 * without `shared`, everything is.
 */
export interface Boundary {
  readonly type: 'boundary'
  readonly ms: number
  readonly shared?: string | undefined
  /** Whether there was, or may have been, anything after `shared`. */
  readonly isLoss: boolean
  readonly why: string
}

/** The faults are over, and these messages, one for each channel, are the last: every reader must come to them. */
interface Closing {
  readonly type: 'closing'
  readonly last: Readonly<Record<string, number>>
}

export type HistoryEvent =
  | Publish
  | Published
  | Unpublished
  | Connect
  | Open
  | End
  | Received
  | Place
  | GapTold
  | Odd
  | Fault
  | Boundary
  | Closing

export type Recorded = HistoryEvent & {
  /** Ms since the beginning. */
  readonly at: number
}

/** What happened, in the order in which the one process that drives it all came to know of it. */
export class History {
  readonly events: Recorded[] = []
  readonly #begin = performance.now()
  #messages = 0
  #connections = 0

  record(event: HistoryEvent): void {
    // A copy, as a string that was cut out of what came over a wire would keep all of that.
    this.events.push(JSON.parse(JSON.stringify({ at: Math.round(performance.now() - this.#begin), ...event })))
  }

  nextMessage(): number {
    return ++this.#messages
  }

  nextConnection(): number {
    return ++this.#connections
  }

  /** One line of JSON for each event. */
  async save(path: string): Promise<void> {
    await writeFile(path, this.events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  }
}
