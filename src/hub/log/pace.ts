import { endOfTurn } from '../../base/turn.ts'

/** Steps that are taken in one turn of the event loop. One is a page at most. */
const stepsPerTurn = 32

/**
 * The rate at which readers catch up: so many steps in a turn of the event loop, and the others in the next, in the order in which
 * they came. Nobody is refused; publishes, heartbeats and those who are live go on in between.
 */
export class Pace {
  #taken = 0
  #waiting: (() => void)[] = []
  #isTimed = false

  /** Undefined where the step may be taken at once; else it may be taken when this resolves. */
  step(): Promise<void> | undefined {
    this.#time()
    if (this.#taken < stepsPerTurn) {
      this.#taken++
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #time(): void {
    if (this.#isTimed) return
    this.#isTimed = true
    endOfTurn(() => {
      this.#isTimed = false
      const due = this.#waiting.splice(0, stepsPerTurn)
      this.#taken = due.length
      if (due.length > 0) this.#time()
      for (const resolve of due) resolve()
    })
  }
}
