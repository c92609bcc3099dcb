// @ts-check
import { now } from './clock.js'
import { Histogram } from './histogram.js'

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
 * What is published: its number, from 1 on, the moment at which it was meant to be sent, and that as JSON.
 *
 * @typedef {{ seq: number, at: number, channel: string, json: string }} Message
 */

/**
 * A way to publish. Messages MUST arrive in the order of the calls. `batch` is how many one call takes, `calls` how many may
 * be unanswered.
 *
 * @typedef {{ publish(messages: readonly Message[]): Promise<unknown>, batch: number, calls: number, close(): void }} Way
 */

/** Microseconds between messages from which on it may be waited in turns for the next. */
const rare = 5_000

/** Publishes by a plan. It runs with the load, or in the server where that publishes by itself. */
export class Driver {
  /** @type {Way} */ #way
  /** @type {import('./layout.js').Layout} */ #layout
  /** @type {import('./payload.js').Payload} */ #payload
  /** @type {(error: unknown) => void} */ #onError
  /** @type {boolean} */ #spins
  /** What is due and not sent, because too many calls are unanswered. */
  /** @type {Message[]} */ #due = []
  /** Of those, the ones at the beginning that are sent already. */
  #sent = 0
  /** The last number that was made, and the last that everyone has. */
  #made = 0
  #arrived = 0
  #calls = 0
  #running = false
  #window = 0
  #lag = new Histogram()

  /**
   * @param {object} options
   * @param {Way} options.way
   * @param {import('./layout.js').Layout} options.layout
   * @param {import('./payload.js').Payload} options.payload
   * @param {boolean} options.spins to be on time it may use up the processor, which it may not in the process that is measured
   * @param {(error: unknown) => void} options.onError
   */
  constructor({ way, layout, payload, spins, onError }) {
    this.#way = way
    this.#layout = layout
    this.#payload = payload
    this.#spins = spins
    this.#onError = onError
  }

  /**
   * A message of number 0 on each of these channels.
   *
   * @param {readonly string[]} channels
   */
  probe(channels) {
    const at = now()
    for (const channel of channels) this.#due.push({ seq: 0, at, channel, json: this.#payload.toJson(0, at) })
    this.#send()
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

  /** How many were made until now, which is the end, and how long after the moment they were meant to leave. */
  end() {
    this.#running = false
    return { published: this.#made, unsent: this.#waiting, lag: this.#lag.summary() }
  }

  close() {
    this.#running = false
    this.#due = []
    this.#sent = 0
    this.#way.close()
  }

  #flood() {
    if (!this.#running || this.#window === 0) return
    const at = now()
    const free = this.#window - (this.#made - this.#arrived)
    for (let count = Math.min(free, this.#way.batch - this.#waiting); count > 0; count--) this.#make(at)
    this.#send()
  }

  /** @param {number} interval microseconds */
  #pace(interval) {
    const first = now() + interval
    const begun = this.#made
    const tick = () => {
      if (!this.#running) return
      for (;;) {
        // The moment it was meant for, not the one it is: a stall on the way, or here, counts for all that it delays.
        const at = Math.round(first + (this.#made - begun) * interval)
        const late = now() - at
        if (late < 0) break
        this.#lag.record(late)
        this.#make(at)
      }
      this.#send()
      const left = first + (this.#made - begun) * interval - now()
      // A timer may be a millisecond late, which is as long as what is measured here; so the last bit is waited for in turns, unless
      // that would be all the time.
      if (!this.#spins || interval < rare) setTimeout(tick, Math.ceil(left / 1000))
      else if (left > 1500) setTimeout(tick, Math.floor(left / 1000) - 1)
      else setImmediate(tick)
    }
    tick()
  }

  /** @param {number} at */
  #make(at) {
    const seq = ++this.#made
    this.#due.push({ seq, at, channel: this.#layout.channelOf(seq), json: this.#payload.toJson(seq, at) })
  }

  get #waiting() {
    return this.#due.length - this.#sent
  }

  #send() {
    const { batch, calls } = this.#way
    while (this.#waiting > 0 && this.#calls < calls) {
      this.#calls++
      const messages = this.#due.slice(this.#sent, this.#sent + batch)
      this.#sent += messages.length
      // Not each time: where much waits that would move all of it for every message.
      if (this.#sent * 2 >= this.#due.length) {
        this.#due.splice(0, this.#sent)
        this.#sent = 0
      }
      this.#way.publish(messages).then(() => {
        this.#calls--
        this.#flood()
        this.#send()
      }, this.#onError)
    }
  }
}
