// @ts-check
import { sleep } from './clock.js'
import { Follower } from './follower.js'
import { Reader } from './reader.js'
import { Tally } from './tally.js'

/** Messages a second that it is there for. */
const rate = 500

/** One reader who remembers the id of every message. */
export class Scout {
  /** @type {Follower} */ #follower
  /** @type {Reader} */ #reader
  /** @type {Map<number, string>} */ #ids = new Map()

  /**
   * @param {string} url
   * @param {import('./payload.js').Payload} payload
   */
  constructor(url, payload) {
    const tally = new Tally()
    let id = ''
    this.#follower = new Follower({
      payload,
      tally,
      reference: undefined,
      isExpected: (seq) => {
        this.#ids.set(seq, id)
        return true
      },
      onFault: (fault) => this.#fail(fault),
      onId: (value) => {
        id = value
      },
    })
    this.#reader = new Reader({
      url,
      headers: {},
      follower: this.#follower,
      tally,
      onLost: (reason) => this.#fail(reason),
    })
  }

  /** The last number there is. */
  get seq() {
    return this.#follower.seq
  }

  /** @param {number} seq */
  idOf(seq) {
    return this.#ids.get(seq)
  }

  /**
   * Has messages published for so long, and waits for the last of them.
   *
   * @param {import('./publisher.js').Publisher} publisher
   * @param {number} seconds
   */
  async watch(publisher, seconds) {
    while (!this.#follower.isReady) {
      await publisher.probe(['news'])
      await sleep(100)
    }
    if (seconds === 0) return
    publisher.begin({ kind: 'pace', rate })
    await sleep(seconds * 1000)
    const { published } = await publisher.end()
    while (this.seq < published) await sleep(10)
  }

  close() {
    this.#reader.close()
  }

  /** @param {string} reason */
  #fail(reason) {
    throw new Error(`The first reader: ${reason}`)
  }
}
