import { randomUUID } from 'node:crypto'
import { systemClock } from '../../base/clock.ts'
import { endOfTurn } from '../../base/turn.ts'
import type { Follower } from '../port.ts'
import { faultOf } from './fault.ts'

export interface HearingContext {
  readonly follower: Follower
  readonly prefix: string
  readonly announce: (topic: string, text: string) => Promise<void>
}

/** How long an announcement may be on its way, in ms. */
const longest = 2_000

/** Wait before a check that could not be made is tried again, in ms. */
const retryDelay = 250

/**
 * Proves that what the master announces arrives here: a text is announced as messages are, and has to be heard.
 *
 * That a connection is up and its subscriptions are confirmed does not show it: the other end may be a replica that has lost its
 * master, or a server of another set.
 */
export class Hearing {
  readonly topic: string
  readonly #context: HearingContext
  readonly #name = randomUUID()
  #count = 0
  #expected = ''
  #heard = () => {}
  #isTold = false

  constructor(context: HearingContext) {
    this.#context = context
    this.topic = `${context.prefix}check:${this.#name}`
  }

  /** To be told what comes on the topic. */
  hear(text: string): void {
    if (text === this.#expected) this.#heard()
  }

  /** Resolves when it is proved, and where it need not be any more; rejects when the announcement did not arrive. */
  async prove(isNeeded: () => boolean): Promise<void> {
    while (isNeeded()) {
      const text = String(++this.#count)
      const heard = new Promise<boolean>((resolve) => {
        this.#expected = text
        this.#heard = () => resolve(true)
      })
      if (!(await this.#announce(text))) {
        await new Promise<void>((resolve) => systemClock.after(retryDelay, resolve))
        continue
      }
      let cancel = () => {}
      const late = new Promise<boolean>((resolve) => {
        // It may have come while this process was held up, and is only to be read.
        cancel = systemClock.after(longest, () => endOfTurn(() => resolve(false)))
      })
      const isHeard = await Promise.race([heard, late])
      cancel()
      if (isHeard) return
      if (isNeeded()) throw new Error('what is announced does not arrive on the connection that listens')
    }
  }

  /** Whether it has been announced; the master may be away. */
  async #announce(text: string): Promise<boolean> {
    try {
      await this.#context.announce(this.#name, text)
      return true
    } catch (error) {
      if (!(error instanceof Error) || faultOf(error.cause) !== 'refused') return false
      // A server that refuses it (forbidden, or unable to write) is taken at its word that it is subscribed.
      if (!this.#isTold) this.#context.follower.onError(error)
      this.#isTold = true
      this.#heard()
      return true
    }
  }
}
