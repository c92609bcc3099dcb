// @ts-check
import { connect } from 'node:net'
import { now } from './clock.js'
import { beforeAt, beforeSeq } from './message.js'

/**
 * What all readers of a load share.
 *
 * @typedef {object} Shared
 * @property {string} ending what every message ends with
 * @property {(seq: number, at: number, arrived: number) => void} onMessage
 * @property {(reader: Reader) => void} onTurn called after each piece of the stream
 */

/** One for all: a piece of the stream is read before the next one comes, whoever's it is. */
const buffer = Buffer.allocUnsafe(256 * 1024)

/** What lines begin with: `data`, and the `event` that messages here have none of. */
const d = 100
const e = 101
const zero = 48

/**
 * One reader of a stream, on a socket of its own: an HTTP client would cost more than the server that is measured.
 *
 * It looks at every message: that it is the next one, and that it is whole.
 */
export class Reader {
  /** The last number it has had. */
  seq = 0
  isReady = false
  /** What was not as it should be, in words; the first few of it. */
  /** @type {string[]} */ faults = []
  faultCount = 0

  /** @type {Shared} */ #shared
  /** @type {import('node:net').Socket} */ #socket
  #hasHead = false
  #isChunked = false
  /** Bytes of the present chunk that are still to come, with the line end after it. */
  #left = 0
  /** What stands at the end of a piece and cannot be understood without the next one. */
  #framing = ''
  #block = ''
  #isOver = false

  /**
   * @param {string} url
   * @param {Shared} shared
   */
  constructor(url, shared) {
    const { hostname, port, host, pathname, search } = new URL(url)
    this.#shared = shared
    this.#socket = connect({
      host: hostname,
      port: Number(port),
      onread: {
        buffer,
        callback: (length) => {
          this.#read(buffer.toString('latin1', 0, length))
          this.#shared.onTurn(this)
          return true
        },
      },
    })
    this.#socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`)
    this.#socket.on('error', (error) => this.#fault(error.message))
    this.#socket.on('close', () => {
      if (!this.#isOver) this.#fault('the server ended the stream')
    })
  }

  close() {
    this.#isOver = true
    this.#socket.destroy()
  }

  /** @param {string} piece */
  #read(piece) {
    if (this.#hasHead) {
      if (this.#isChunked) this.#readChunks(piece)
      else this.#readBlocks(piece)
      return
    }
    this.#framing += piece
    const end = this.#framing.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.#framing.slice(0, end)
    const rest = this.#framing.slice(end + 4)
    this.#framing = ''
    this.#hasHead = true
    this.#isChunked = /^transfer-encoding: *chunked$/im.test(head)
    if (!/^HTTP\/1\.1 200 /.test(head)) this.#fault(`the server answered ${head.split('\r\n', 1)[0]}: ${rest}`)
    else this.#read(rest)
  }

  /** @param {string} piece */
  #readChunks(piece) {
    const text = this.#framing === '' ? piece : this.#framing + piece
    this.#framing = ''
    let start = 0
    while (start < text.length) {
      if (this.#left === 0) {
        const end = text.indexOf('\r\n', start)
        if (end < 0) {
          this.#framing = text.slice(start)
          return
        }
        this.#left = Number.parseInt(text.slice(start, end), 16) + 2
        start = end + 2
      }
      const size = Math.min(this.#left, text.length - start)
      this.#left -= size
      // The last two of a chunk are its line end, which belongs to nobody.
      const end = start + size - Math.max(0, 2 - this.#left)
      if (end > start) this.#readBlocks(text.slice(start, end))
      start += size
    }
  }

  /** @param {string} piece */
  #readBlocks(piece) {
    const text = this.#block === '' ? piece : this.#block + piece
    const arrived = now()
    let start = 0
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n', start)) {
      this.#readBlock(text, start, end, arrived)
      start = end + 2
    }
    this.#block = text.slice(start)
  }

  /**
   * @param {string} text
   * @param {number} start
   * @param {number} end
   * @param {number} arrived
   */
  #readBlock(text, start, end, arrived) {
    // Not with `startsWith`, here and below: it made a block cost ten times as much, and the load slower than the servers.
    let line = start
    while (text.charCodeAt(line) !== d) {
      if (text.charCodeAt(line) === e) this.#fault(`an event: ${text.slice(start, end)}`)
      line = text.indexOf('\n', line) + 1
      // An id alone, or a comment.
      if (line === 0 || line > end) return
    }
    let index = line + 'data: '.length + beforeSeq.length
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
    const { ending, onMessage } = this.#shared
    if (text.slice(index, end) !== ending) {
      this.#fault(`not a message of ours: ${text.slice(start, end)}`)
      return
    }
    if (seq === 0) {
      this.isReady = true
      return
    }
    if (seq !== this.seq + 1) this.#fault(`${seq} came after ${this.seq}`)
    this.seq = seq
    onMessage(seq, at, arrived)
  }

  /** @param {string} fault */
  #fault(fault) {
    this.faultCount++
    if (this.faults.length < 3) this.faults.push(fault.slice(0, 300))
  }
}
