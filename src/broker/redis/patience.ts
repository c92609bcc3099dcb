import { systemClock } from '../../base/clock.ts'
import { endOfTurn } from '../../base/turn.ts'

interface Waiting {
  readonly until: number
  giveUp(): void
}

/** How often it is looked who has waited too long, in ms. */
const tick = 100

/**
 * Bounds how long answers are waited for. One timer for all of them, and none while nobody waits: one for each would cost a fifth
 * of a publish.
 */
export class Patience {
  readonly #waiting = new Set<Waiting>()
  #end: (() => void) | undefined

  /** The answer, if it comes before the time `until`; else it rejects with the error of `toError`. */
  within<T>(until: number, answer: Promise<T>, toError: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { until, giveUp: () => reject(toError()) }
      const done = () => this.#waiting.delete(waiting)
      this.#waiting.add(waiting)
      // At the end of the turn: in a process that was held up, the answers are there, and are only to be read.
      this.#end ??= systemClock.every(tick, () => endOfTurn(() => this.#look()))
      answer.then(
        (value) => {
          done()
          resolve(value)
        },
        (error) => {
          done()
          reject(error)
        },
      )
    })
  }

  #look(): void {
    const now = systemClock.now()
    for (const waiting of this.#waiting) {
      if (waiting.until > now) continue
      this.#waiting.delete(waiting)
      waiting.giveUp()
    }
    if (this.#waiting.size > 0) return
    this.#end?.()
    this.#end = undefined
  }
}
