// @ts-check
import { beforeAt, beforeSeq } from './payload.js'

/**
 * @typedef {object} BlockEvents
 * @property {(seq: number, at: number, end: number) => void} onMessage `end`: bytes up to the end of its block
 * @property {(fault: string) => void} onFault
 * @property {((id: string) => void) | undefined} [onId] before the message that it belongs to
 */

/** What lines begin with: `data`, and the `event` that messages here have none of. */
const d = 100
const e = 101
const i = 105
const zero = 48

/** What Centrifugo says to a newcomer, and to show that it is there. */
const greeting = /^data: ?\{("connect":.*)?\}$/

/** Reads an event stream block by block, every byte of every message; not a bit more of the standard than the servers here use. */
export class Blocks {
  /** @type {import('./payload.js').Payload} */ #payload
  /** @type {BlockEvents} */ #events
  /** What has come of a block that is not at its end. */
  #rest = ''
  /** Bytes of all blocks before that. */
  #offset = 0

  /**
   * @param {import('./payload.js').Payload} payload
   * @param {BlockEvents} events
   */
  constructor(payload, events) {
    this.#payload = payload
    this.#events = events
  }

  /** Nothing of a block waits for its end. */
  get isWhole() {
    return this.#rest === ''
  }

  /** @param {string} piece a character for each byte */
  take(piece) {
    const text = this.#rest === '' ? piece : this.#rest + piece
    let start = 0
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n', start)) {
      this.#block(text, start, end)
      start = end + 2
      // Some end a block with a line end more.
      while (text.charCodeAt(start) === 10) start++
    }
    this.#rest = text.slice(start)
    this.#offset += start
  }

  /**
   * @param {string} text
   * @param {number} start
   * @param {number} end
   */
  #block(text, start, end) {
    // Not with `startsWith`, here and below: it made a block cost ten times as much, and the load slower than the servers.
    let line = start
    for (let first = text.charCodeAt(line); first !== d; first = text.charCodeAt(line)) {
      const next = text.indexOf('\n', line) + 1
      if (first === e && !/^event: ?message\n/.test(text.slice(line, next)))
        this.#events.onFault(`an event: ${text.slice(start, end)}`)
      if (first === i && this.#events.onId !== undefined)
        this.#events.onId(text.slice(line + 3, next === 0 || next > end ? end : next - 1).trim())
      line = next
      // An id alone, or a comment.
      if (line === 0 || line > end) return
    }
    // Some leave out the space after the colon, and some put the message into an object of their own.
    let index = text.indexOf(beforeSeq, line) + beforeSeq.length
    if (index > end || index < line) {
      if (!greeting.test(text.slice(line, end)))
        this.#events.onFault(`not a message of ours: ${text.slice(start, end)}`)
      return
    }
    let seq = 0
    for (let digit = text.charCodeAt(index) - zero; digit >= 0 && digit <= 9; ) {
      seq = seq * 10 + digit
      digit = text.charCodeAt(++index) - zero
    }
    index += beforeAt.length
    let at = 0
    for (let digit = text.charCodeAt(index) - zero; digit >= 0 && digit <= 9; ) {
      at = at * 10 + digit
      digit = text.charCodeAt(++index) - zero
    }
    const ending = this.#payload.endingOf(seq)
    if (text.slice(index, index + ending.length) !== ending || !isRest(text, index + ending.length, end)) {
      this.#events.onFault(`not a message of ours: ${text.slice(start, end)}`)
      return
    }
    this.#events.onMessage(seq, at, this.#offset + end + 2)
  }
}

/**
 * Nothing, or the end of the object that it was put into, or fields after the data that say nothing new: an id.
 *
 * @param {string} text
 * @param {number} from
 * @param {number} end
 */
function isRest(text, from, end) {
  return from === end || /^[}\]]*(\n(id|retry|event: ?message)\b[^\n]*)?$/.test(text.slice(from, end))
}
