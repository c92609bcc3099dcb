import { type Clock, systemClock } from '../base/clock.ts'
import { type OnError, warn } from '../base/errors.ts'
import { keepAlive } from '../base/keep-alive.ts'
import { isCount } from '../base/number.ts'
import type { Events } from '../events/api.ts'
import { toJobError } from '../queue/failed.ts'
import { invalid, type RetryOptions, type RetryPolicy, toRetryPolicy } from './attempts.ts'
import type { RelayPool } from './connection.ts'
import { faultOf } from './fault.ts'
import { Pause } from './pause.ts'
import { Reports } from './reports.ts'
import { type OutboxRow, Session } from './session.ts'
import { parseRow } from './stored-row.ts'
import { type TableName, type TableOptions, toTableName } from './table.ts'

export interface RelayOptions extends TableOptions, RetryOptions {
  /** Where it gets its one connection from. Not through a pooler that shares connections between transactions. */
  readonly pool: RelayPool
  /** Whose listeners are run. Close the relay first, then these. */
  readonly events: Pick<Events, 'dispatchStored'>
  /** How long it waits at most before it looks for events, in ms, whatever it is told by NOTIFY. @default 5_000 */
  readonly poll?: number
  /** How many events it reads at once. As many may be dispatched again after a crash. @default 200 */
  readonly batch?: number
  /** Told of a lost connection, and of each event that is held up or set aside. @default a warning on the console */
  readonly onError?: OnError
  /** @default the system's */
  readonly clock?: Clock
}

export interface Relay {
  /**
   * Ends it: resolves when the event at hand has been dispatched, and the next relay has the lock. The pool and the events stay open.
   * A second call gives the first one's promise.
   */
  close(): Promise<void>
}

/** How long a relay that stands by waits before it tries the lock again, in ms. One that ends in order tells it at once. */
const standBy = 500

/** How long to wait before PostgreSQL is tried again, in ms: after the first failure, the second and so on. */
const reconnects = [100, 250, 500, 1_000, 2_000, 5_000]

/**
 * Dispatches to `events` what was committed to the outbox, in order. Of all relays of a table one works, and the others stand by.
 *
 * It keeps its process alive until it is closed, and never gives up: what goes wrong is told to `onError`.
 *
 * @throws {MillraceError} `option_invalid`
 */
export function relayOutbox(options: RelayOptions): Relay {
  return new OutboxRelay(options)
}

/**
 * | state | until |
 * | --- | --- |
 * | away: no connection | the connection is there -> standing by; not -> away, later |
 * | standing by: another relay has the lock | it has the lock -> working; the connection is lost -> away |
 * | working: reads, dispatches, deletes, waits | the connection is lost -> away |
 * | closed, from any | |
 */
class OutboxRelay implements Relay {
  readonly #pool: RelayPool
  readonly #events: Pick<Events, 'dispatchStored'>
  readonly #name: TableName
  readonly #retry: RetryPolicy
  readonly #poll: number
  readonly #batch: number
  readonly #reports: Reports
  readonly #clock: Clock
  readonly #pause: Pause
  readonly #ended: Promise<void>
  #isClosing = false
  /** How often in a row PostgreSQL could not be reached, or did not do what was asked. */
  #failures = 0

  constructor(options: RelayOptions) {
    const { pool, events, poll = 5_000, batch = 200, onError = warn, clock = systemClock } = options
    if (!(poll > 0 && poll < 2 ** 31)) throw invalid('poll', 'a number of milliseconds above 0', poll)
    if (!isCount(batch)) throw invalid('batch', 'an integer of 1 or more', batch)
    this.#pool = pool
    this.#events = events
    this.#name = toTableName(options)
    this.#retry = toRetryPolicy(options)
    this.#poll = poll
    this.#batch = batch
    this.#reports = new Reports(onError)
    this.#clock = clock
    this.#pause = new Pause(clock)
    const letGo = keepAlive()
    this.#ended = this.#run().finally(letGo)
  }

  close(): Promise<void> {
    this.#close()
    return this.#ended
  }

  #close(): void {
    this.#isClosing = true
    this.#pause.look()
  }

  async #run(): Promise<void> {
    while (!this.#isClosing) {
      try {
        await this.#connected()
      } catch (error) {
        if (this.#isClosing) return
        this.#reports.away(error)
        const ms = reconnects[Math.min(this.#failures++, reconnects.length - 1)] ?? 0
        await this.#pause.wait(ms, () => this.#isClosing)
      }
    }
  }

  /** From a connection to its end; rejects where it was lost. */
  async #connected(): Promise<void> {
    const session = await Session.open(this.#pool, this.#name, this.#clock, () => this.#pause.look())
    try {
      await this.#standBy(session)
      await this.#work(session)
      await session.release()
    } finally {
      session.end()
    }
  }

  async #standBy(session: Session): Promise<void> {
    while (!this.#isClosing) {
      session.takeNudge()
      if (await session.lock()) return
      this.#isThere()
      await this.#idle(session, standBy)
    }
  }

  async #work(session: Session): Promise<void> {
    while (!this.#isClosing) {
      session.takeNudge()
      const rows = await session.read(this.#batch)
      for (const row of rows) {
        if (this.#isOver(session)) break
        await this.#deliver(session, row)
      }
      await session.settled()
      // Not before: where the rows cannot be deleted, the same ones would be dispatched again in no time.
      this.#isThere()
      if (rows.length === 0) await this.#idle(session, this.#poll)
    }
  }

  /** Dispatches the event until that succeeds, or it is set aside; or until the relay or its connection ends. */
  async #deliver(session: Session, row: OutboxRow): Promise<void> {
    let { attempts } = row
    for (let held = 0; !this.#isOver(session); ) {
      try {
        await this.#events.dispatchStored(parseRow(row))
        session.done(row)
        return
      } catch (error) {
        const fault = faultOf(error)
        if (fault === 'closed') {
          if (!this.#isClosing) this.#reports.eventsClosed(error)
          this.#close()
        } else if (fault === 'away') {
          if (held++ === 0) this.#reports.held(row, error)
          await this.#holdUp(session, held)
        } else {
          if (fault === 'failed') attempts++
          if (fault === 'misfit' || attempts >= this.#retry.attempts) {
            await session.setAside(row, attempts, toJobError(error))
            this.#reports.setAside(row, attempts, error)
            return
          }
          await session.failedOnce(row, attempts, toJobError(error))
          await this.#holdUp(session, attempts)
        }
      }
    }
  }

  #isOver(session: Session): boolean {
    return this.#isClosing || session.isLost
  }

  async #holdUp(session: Session, attempt: number): Promise<void> {
    await this.#pause.wait(this.#retry.after(attempt), () => this.#isOver(session))
  }

  async #idle(session: Session, ms: number): Promise<void> {
    await this.#pause.wait(ms, () => this.#isOver(session) || session.isNudged)
    session.assertThere()
  }

  #isThere(): void {
    this.#failures = 0
    this.#reports.there()
  }
}
