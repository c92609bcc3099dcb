// @ts-check
import { now, sleep } from './clock.js'
import { Follower } from './follower.js'
import { Reader } from './reader.js'
import { Reference } from './reference.js'

/**
 * @typedef {object} CrowdOptions
 * @property {readonly string[]} urls of each reader's stream
 * @property {import('./layout.js').Layout} layout
 * @property {import('./payload.js').Payload} payload
 * @property {import('./tally.js').Tally} tally
 * @property {Readonly<Record<string, string>>} headers
 * @property {boolean} mayRetry a reader that is refused or cut comes back; otherwise that is a fault
 * @property {(() => void) | undefined} [onPiece]
 */

/** Readers that are connecting at one time, unless all of them are to. */
const atOnce = 100

/** When those come back that were refused or cut, in ms. */
const retry = 100

/** Connections from one address: it has 28,000 ports, and the more of them are taken the longer the system looks for one. */
const perAddress = 5_000

/** A server that has answered nobody for so long, in ms, may be one that waits for a message. */
const silence = 1000

/** How long readers may take to connect, in ms. */
const patience = 60_000

/** All readers, and what is wrong with what they have had. */
export class Crowd {
  /** @type {Follower[]} */ followers = []
  /** @type {Reader[]} */ readers = []
  /** What was not as it should be, in words; the first few of it. */
  /** @type {string[]} */ examples = []
  faults = 0
  retries = 0

  /** @type {CrowdOptions} */ #options
  #isClosed = false
  /** Another one than the last load's, whose ports may not be free again. */
  #network = `127.${1 + (process.pid % 250)}.${1 + (Math.floor(process.pid / 250) % 250)}`

  /** @param {CrowdOptions} options */
  constructor(options) {
    this.#options = options
    const { urls, layout, payload, tally } = options
    /** @type {Map<number, Reference>} */
    const references = new Map()
    const onFault = (/** @type {string} */ reason) => this.fault(reason)
    this.followers = urls.map((_, index) => {
      const group = layout.groupOf(index)
      const isExpected = (/** @type {number} */ seq) => layout.isFor(index, seq)
      let reference = group === undefined ? undefined : references.get(group)
      if (group !== undefined && reference === undefined) {
        const onTrim = () => {
          for (const [other, follower] of this.followers.entries()) if (layout.groupOf(other) === group) follower.trim()
        }
        reference = new Reference(payload, { isExpected, onFault, onTrim })
        references.set(group, reference)
      }
      return new Follower({ payload, reference, tally, isExpected, onFault })
    })
  }

  /**
   * @param {number} index
   * @param {Readonly<Record<string, string>>} [headers]
   */
  connect(index, headers = {}) {
    const { urls, tally, onPiece } = this.#options
    const [url, follower] = [urls[index], this.followers[index]]
    if (url === undefined || follower === undefined) throw new RangeError(`there is no reader ${index}`)
    const { mayRetry } = this.#options
    this.readers[index] = new Reader({
      url,
      headers: { ...this.#options.headers, ...headers },
      from: `${this.#network}.${1 + Math.floor(index / perAddress)}`,
      follower,
      tally,
      onPiece,
      onLost: (reason) => {
        this.retries++
        if (!mayRetry) this.fault(`reader ${index}: ${reason}`)
        else if (!this.#isClosed) setTimeout(() => this.connect(index, headers), retry)
      },
    })
  }

  /**
   * Connects them, some at a time, until each is answered.
   *
   * @param {(channels: readonly string[]) => Promise<void>} probe sends a message of number 0 on each of these channels, because some
   *   servers say nothing before the first message
   */
  async connectAll(probe) {
    let [next, settled, progress] = [0, 0, now()]
    for (const end = now() + patience * 1000; settled < this.followers.length; await sleep(1)) {
      this.#giveUp(end, 'connect')
      while (next < this.followers.length && next - settled < atOnce) this.connect(next++)
      const before = settled
      while (settled < next && this.readers[settled]?.answered !== undefined) settled++
      if (settled > before) progress = now()
      else if (now() - progress > silence * 1000) {
        await probe(this.#options.layout.channels)
        progress = now()
      }
    }
  }

  /**
   * Sends messages of number 0 until everyone has had one, which is how to know that all are there.
   *
   * @param {(channels: readonly string[]) => Promise<void>} probe
   */
  async confirm(probe) {
    const { layout } = this.#options
    for (const end = now() + patience * 1000; ; ) {
      const missing = [...this.followers.keys()].filter((index) => !this.followers[index]?.isReady)
      if (missing.length === 0) return
      this.#giveUp(end, 'get a first message')
      await probe([...new Set(missing.flatMap((index) => layout.channelsOf(index)))])
      await this.settle(() => this.followers.every(({ isReady }) => isReady), 1000)
    }
  }

  /**
   * Waits until everyone has had all, or nothing has come for so long.
   *
   * @param {number} published
   * @param {number} quiet ms
   */
  async drain(published, quiet) {
    for (let before = -1; before !== this.received; ) {
      before = this.received
      if (await this.settle(() => this.missing(published) === 0, quiet)) return
    }
  }

  get received() {
    return this.followers.reduce((sum, { count }) => sum + count, 0)
  }

  /**
   * What should have come and did not, of the messages 1 to `published`.
   *
   * @param {number} published
   */
  missing(published) {
    return this.expected(published) - this.received
  }

  /** @param {number} published */
  expected(published) {
    return this.followers.reduce((sum, _, index) => sum + this.#options.layout.expected(index, published), 0)
  }

  /** @param {string} reason */
  fault(reason) {
    this.faults++
    if (this.examples.length < 3) this.examples.push(reason.slice(0, 300))
  }

  close() {
    this.#isClosed = true
    for (const reader of this.readers) reader.close()
  }

  /**
   * @param {() => boolean} isDone
   * @param {number} ms
   */
  async settle(isDone, ms) {
    for (const end = now() + ms * 1000; now() < end; await sleep(10)) if (isDone()) return true
    return isDone()
  }

  /**
   * @param {number} end
   * @param {string} what
   */
  #giveUp(end, what) {
    if (this.faults > 0) throw new Error(`Not all readers did ${what}: ${this.examples.join('; ')}`)
    if (now() < end) return
    const ready = this.followers.filter(({ isReady }) => isReady).length
    throw new Error(`Only ${ready} of ${this.followers.length} readers did ${what} in ${patience} ms.`)
  }
}
