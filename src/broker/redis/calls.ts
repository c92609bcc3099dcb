import { systemClock } from '../../base/clock.ts'
import { MillraceError } from '../../base/errors.ts'
import type { Client, Connection } from './connection.ts'
import { faultOf, toUnavailable } from './fault.ts'
import { Patience } from './patience.ts'
import { Procedures } from './procedures.ts'
import type { Procedure } from './script.ts'

export interface CallOptions {
  /** How long it is tried to have it begun, in ms. */
  readonly wait: number
  /** Whether doing it twice is doing it once. Then it is tried again also where nobody knows whether it was done. */
  readonly isRepeatable: boolean
}

/** How long an answer is waited for when the time to begin is over, in ms. */
const answerTime = 2_000

/** Wait before a server that is busy is asked again, in ms. */
const busyDelay = 50

/**
 * Calls on one connection, each tried until it is done, or its time is over.
 *
 * What a server has not begun is tried again: it is a replica by now, or loads its data still. What it may have done is tried again
 * only where that does no harm.
 */
export class Calls {
  readonly connection: Connection
  readonly #procedures: Procedures
  readonly #patience = new Patience()
  readonly #onMisplaced: (why: unknown) => void
  #isClosed = false

  /** @param onMisplaced Called when the server behind the connection turns out to be a replica; it has been dropped. */
  constructor(connection: Connection, prefix: string, onMisplaced: (why: unknown) => void) {
    this.connection = connection
    this.#procedures = new Procedures(connection, prefix)
    this.#onMisplaced = onMisplaced
  }

  /**
   * @param then What is to be done on the same connection before it counts as done.
   * @throws {MillraceError} `broker_unavailable`, `broker_closed`, and what `then` throws
   */
  async call<T = unknown>(
    name: Procedure,
    args: readonly string[],
    { wait, isRepeatable }: CallOptions,
    then?: (answer: T, client: Client) => Promise<void>,
  ): Promise<T> {
    const begin = systemClock.now() + wait
    for (;;) {
      if (this.#isClosed) throw closed()
      await this.connection.ready(Math.max(0, begin - systemClock.now()))
      const { client } = this.connection
      try {
        const answer = await this.#patience.within(begin + answerTime, this.#run<T>(client, name, args, then), () =>
          toUnavailable('silent', `${wait + answerTime} ms are over`),
        )
        this.connection.prove()
        return answer
      } catch (cause) {
        if (this.#isClosed) throw closed()
        if (cause instanceof MillraceError) throw cause
        const fault = faultOf(cause)
        if (fault === 'misplaced') {
          this.connection.retire(client, cause)
          this.#onMisplaced(cause)
        }
        const isLost = client !== this.connection.client || !this.connection.isReady
        const isAgain = fault === 'misplaced' || fault === 'busy' || (fault === 'silent' && isLost && isRepeatable)
        if (!isAgain || systemClock.now() >= begin) throw toUnavailable(fault, cause)
        if (fault === 'busy') await new Promise<void>((resolve) => systemClock.after(busyDelay, resolve))
      }
    }
  }

  close(): void {
    this.#isClosed = true
    this.connection.close()
  }

  async #run<T>(
    client: Client,
    name: Procedure,
    args: readonly string[],
    then?: (answer: T, client: Client) => Promise<void>,
  ): Promise<T> {
    const answer = (await this.#procedures.call(name, args)) as T
    if (then !== undefined) await then(answer, client)
    return answer
  }
}

function closed(): MillraceError {
  return new MillraceError('broker_closed', 'The broker is closed.')
}
