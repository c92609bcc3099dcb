// @ts-check
import { now } from './clock.js'
import { Histogram } from './histogram.js'
import { toFiller } from './message.js'

/** @typedef {import('./message.js').Message} Message */

/**
 * How to publish.
 *
 * `flood`: as fast as they go, which is as fast as they arrive: at most `window` messages are on their way to the slowest
 * reader. Without that bound a publisher would only measure how much its broker can buffer until it drops somebody.
 *
 * `pace`: so many a second, whatever becomes of them.
 *
 * @typedef {{ kind: 'flood', window: number } | { kind: 'pace', rate: number }} Plan
 */

/**
 * A way to publish. Messages MUST arrive in the order of the calls. `batch` is how many one call takes, `calls` how many may
 * be unanswered.
 *
 * @typedef {{ publish(messages: readonly Message[]): Promise<unknown>, batch: number, calls: number }} Way
 */

/** Publishes by a plan. It runs with the load, or in the server where that publishes by itself. */
export class Driver {
  /** @type {Way} */ #way
  /** @type {(error: unknown) => void} */ #onError
  /** @type {string} */ #text
  /** @type {boolean} */ #spins
  /** The last number that was published, and the last that everyone has. */
  #published = 0
  #arrived = 0
  #calls = 0
  #running = false
  #window = 0
  #lag = new Histogram()

  /**
   * @param {Way} way
   * @param {{ bytes: number, spins: boolean, onError: (error: unknown) => void }} options `spins`: to be on time it may use up
   * the processor, which it may not in the process that is measured
   */
  constructor(way, { bytes, spins, onError }) {
    this.#way = way
    this.#spins = spins
    this.#onError = onError
    this.#text = toFiller(bytes)
  }

  /** One message of number 0. */
  probe() {
    this.#publish([{ seq: 0, at: now(), text: this.#text }])
  }

  /** @param {Plan} plan */
  begin(plan) {
    this.#running = true
    if (plan.kind === 'pace') this.#pace(1e6 / plan.rate)
    else {
      this.#window = plan.window
      this.#flood()
    }
  }

  /** @param {number} seq everyone has all up to this one */
  arrived(seq) {
    this.#arrived = seq
    this.#flood()
  }

  /** How many were published, and how long after the moment they were meant to leave. */
  end() {
    this.#running = false
    return { published: this.#published, lag: this.#lag.summary() }
  }

  #flood() {
    while (this.#running && this.#window > 0 && this.#calls < this.#way.calls) {
      const size = Math.min(this.#way.batch, this.#window - (this.#published - this.#arrived))
      if (size <= 0) return
      const at = now()
      const messages = Array.from({ length: size }, () => ({ seq: ++this.#published, at, text: this.#text }))
      this.#publish(messages)
    }
  }

  /** @param {number} interval microseconds */
  #pace(interval) {
    const first = now() + interval
    const tick = () => {
      if (!this.#running) return
      for (;;) {
        // The moment it was meant for, not the one it is: a stall on the way, or here, counts for all that it delays.
        const at = Math.round(first + this.#published * interval)
        const late = now() - at
        if (late < 0) break
        this.#lag.record(late)
        this.#publish([{ seq: ++this.#published, at, text: this.#text }])
      }
      const left = first + this.#published * interval - now()
      // A timer may be a millisecond late, which is as long as what is measured here; so the last bit is waited for in turns.
      if (!this.#spins) setTimeout(tick, Math.ceil(left / 1000))
      else if (left > 1500) setTimeout(tick, Math.floor(left / 1000) - 1)
      else setImmediate(tick)
    }
    tick()
  }

  /** @param {readonly Message[]} messages */
  #publish(messages) {
    this.#calls++
    this.#way.publish(messages).then(() => {
      this.#calls--
      this.#flood()
    }, this.#onError)
  }
}
