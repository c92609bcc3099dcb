import { type AsyncStorage, asyncStorage } from '../base/async-storage.ts'
import { MillraceError } from '../base/errors.ts'
import type { Event } from './define.ts'

/** Of one buffer, with those inside of it. Past it a dispatch is refused, and so the work that dispatches. */
const maxHeld = 10_000

/** The events dispatched within one function, until it has succeeded. */
interface Held {
  readonly events: Event[]
  /** The one around it. */
  readonly outer: Held | undefined
  isOpen: boolean
}

/** Holds events back while a function runs that may still fail, such as a transaction. */
export class Buffer {
  readonly #around: AsyncStorage<Held> | undefined = asyncStorage()

  /**
   * Runs `work`. Where it succeeds, the events held meanwhile go to the buffer around this one; where there is none, they are handed
   * to `release` in order. Where it fails, they are dropped.
   *
   * @throws {MillraceError} `dependency_missing` on a platform without `AsyncLocalStorage`
   */
  async hold<Result>(
    work: () => Result,
    release: (events: readonly Event[]) => Promise<void>,
  ): Promise<Awaited<Result>> {
    if (this.#around === undefined) {
      const message =
        'This platform has no AsyncLocalStorage (node:async_hooks), which buffer() needs to know what belongs to it.'
      throw new MillraceError('dependency_missing', message)
    }
    const held: Held = { events: [], outer: this.#open(), isOpen: true }
    let result: Awaited<Result>
    try {
      result = await this.#around.run(held, work)
    } finally {
      // What it has started and not awaited dispatches for itself from now on.
      held.isOpen = false
    }
    const outer = openOf(held)
    if (outer === undefined) await release(held.events)
    else for (const event of held.events) keep(event, outer)
    return result
  }

  /** Holds the event where the caller is inside of a buffer; says whether it was. @throws {MillraceError} `buffer_full` */
  take(event: Event): boolean {
    const held = this.#open()
    if (held === undefined) return false
    keep(event, held)
    return true
  }

  #open(): Held | undefined {
    return openOf(this.#around?.getStore())
  }
}

/** `held`, or the next one around it that still waits for its function. */
function openOf(held: Held | undefined): Held | undefined {
  let candidate = held
  while (candidate !== undefined && !candidate.isOpen) candidate = candidate.outer
  return candidate
}

function keep(event: Event, { events }: Held): void {
  if (events.length >= maxHeld) {
    const message = `A buffer holds at most ${maxHeld} events. Dispatch fewer in one piece of work, or use an outbox.`
    throw new MillraceError('buffer_full', message, { data: { limit: maxHeld } })
  }
  events.push(event)
}
