import type { JoinRequest } from '../channels/authorize.ts'
import { type CatchUpContext, catchUp, findPlace, takePlace } from './catch-up.ts'
import type { Sink } from './sink.ts'
import type { Subscriber } from './subscriber.ts'

export interface SubscribeOptions {
  /** Names of declared channels. */
  readonly channels: readonly string[]
  /** What the reader saw last, as it says: its `Last-Event-ID`. One that is not this broker's gets a gap, not an error. */
  readonly cursor?: string | undefined
  /** Without a cursor: everything since this time, in ms since the Unix epoch. @default from now on */
  readonly since?: number | undefined
}

export interface JoinOptions extends SubscribeOptions {
  /** What the `authorize` of private channels is asked with. */
  readonly request: JoinRequest
}

/** A subscriber that has been let in and has no stream yet. One of `open` and `cancel` MUST be called. */
export interface Admission {
  /**
   * Resolves when what is published from now on will reach the subscriber. It waits for no longer than {@link longestWait}: while
   * the broker is away the stream opens all the same, and is told its place later.
   */
  readonly ready: Promise<void>
  /** Begins the stream. */
  open(sink: Sink): void
  /** The reader went away before the stream began. */
  cancel(): void
}

/** Milliseconds that the headers of an answer may wait for the broker. */
export const longestWait = 50

/** One for all who need not wait. */
const settled = Promise.resolve()

interface AdmitOptions {
  /** What the reader is told to wait before it connects again, in ms. */
  readonly retry: number
  /** Its cursor says nothing here: it is told so, and begins at the head. */
  readonly isLost: boolean
}

export function admit(context: CatchUpContext, subscriber: Subscriber, { retry, isLost }: AdmitOptions): Admission {
  let isPlaced = takePlace(context, subscriber)
  const place = isPlaced
    ? settled
    : findPlace(context, subscriber).then(() => {
        isPlaced = true
      })
  const begin = () => {
    if (subscriber.state === 'closed') return
    // Unless its place was known in time for the first block.
    if (!subscriber.isTold) subscriber.writeCursor()
    const kept = subscriber.feeds.filter((feed) => feed.kept).map((feed) => feed.channel)
    // A channel that keeps nothing makes no promise that could be broken.
    if (isLost && kept.length > 0) subscriber.writeGap(kept, 'unknown')
    subscriber.catchUp()
    catchUp(context, subscriber).catch(context.onError)
  }
  return {
    ready: isPlaced ? settled : inTime(context, place),
    open(sink) {
      subscriber.open(sink, retry)
      // Where the place is known, what can be written is written now: whoever has seen the headers may count on it.
      if (isPlaced) begin()
      else place.then(begin, () => {})
    },
    cancel: () => subscriber.close(),
  }
}

/** Resolves when there is a place, or when it was waited for long enough. */
async function inTime({ clock, onError }: CatchUpContext, place: Promise<void>): Promise<void> {
  place.catch(onError)
  let cancelWait = () => {}
  const wait = new Promise<void>((resolve) => {
    cancelWait = clock.after(longestWait, resolve)
  })
  await Promise.race([place, wait]).finally(() => cancelWait())
}
