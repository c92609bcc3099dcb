// @ts-check
import { connect } from 'node:net'
import { constants, createGunzip } from 'node:zlib'
import { now } from './clock.js'

/**
 * @typedef {object} ReaderOptions
 * @property {string} url
 * @property {Readonly<Record<string, string>>} headers
 * @property {string} [from] the address to come from
 * @property {import('./follower.js').Follower} follower
 * @property {import('./tally.js').Tally} tally
 * @property {(() => void) | undefined} [onPiece]
 * @property {(reason: string) => void} onLost
 */

/** One for all: a piece of the stream is read before the next one comes, whoever's it is. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024)

/** One reader of a stream, on a socket of its own: an HTTP client would cost more than the server that is measured. */
export class Reader {
  /** When its answer began. */
  /** @type {number | undefined} */ answered
  /** The head of the answer, once it is there. */
  head = ''

  /** @type {ReaderOptions} */ #options
  /** @type {import('node:net').Socket} */ #socket
  /** @type {import('node:zlib').Gunzip | undefined} */ #gunzip
  #isChunked = false
  /** Bytes of the present chunk that are still to come, with the line end after it. */
  #left = 0
  /** What has come of the head, or of the line that begins a chunk. */
  #line = ''
  #isOver = false

  /** @param {ReaderOptions} options */
  constructor(options) {
    this.#options = options
    const { url, headers, from, onPiece, tally, onLost } = options
    const { hostname, port, host, pathname, search } = new URL(url)
    this.#socket = connect({
      host: hostname,
      port: Number(port),
      ...(from === undefined ? {} : { localAddress: from }),
      onread: {
        buffer,
        callback: (length) => {
          const arrived = now()
          this.answered ??= arrived
          tally.read(length, arrived)
          if (this.head === '') this.#readHead(length, arrived)
          else this.#readBody(0, length, arrived)
          onPiece?.()
          return true
        },
      },
    })
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    this.#socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n${fields.join('')}\r\n`,
    )
    const lost = (/** @type {string} */ reason) => {
      if (this.#isOver) return
      this.close()
      onLost(reason)
    }
    this.#socket.on('error', (error) => lost('code' in error ? String(error.code) : error.message))
    this.#socket.on('close', () => lost('the server ended the stream'))
  }

  close() {
    this.#isOver = true
    // Without a farewell: the system would keep the ports of ten thousand for a minute, and the next to connect wait for one.
    this.#socket.resetAndDestroy()
  }

  /**
   * @param {number} length
   * @param {number} arrived
   */
  #readHead(length, arrived) {
    const before = this.#line.length
    this.#line += buffer.toString('latin1', 0, length)
    const end = this.#line.indexOf('\r\n\r\n')
    if (end < 0) return
    this.head = this.#line.slice(0, end)
    const rest = this.#line.slice(end + 4)
    this.#line = ''
    this.#isChunked = /^transfer-encoding: *chunked$/im.test(this.head)
    if (!/^HTTP\/1\.1 200 /.test(this.head)) {
      this.close()
      this.#options.onLost(`it was answered ${this.head.split('\r\n', 1)[0]}: ${rest}`)
      return
    }
    if (/^content-encoding: *gzip$/im.test(this.head)) this.#inflate()
    this.#readBody(end + 4 - before, length, arrived)
  }

  #inflate() {
    this.#gunzip = createGunzip({ flush: constants.Z_SYNC_FLUSH })
    this.#gunzip.on('data', (/** @type {Buffer} */ data) => {
      this.#options.follower.take(data, 0, data.length, now())
      this.#options.onPiece?.()
    })
    this.#gunzip.on('error', (error) => this.#options.onLost(error.message))
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {number} arrived
   */
  #readBody(start, end, arrived) {
    if (!this.#isChunked) {
      this.#take(start, end, arrived)
      return
    }
    let at = start
    while (at < end) {
      if (this.#left === 0) {
        at = this.#readSize(at, end)
        if (this.#left === 0) return
      }
      const size = Math.min(this.#left, end - at)
      this.#left -= size
      // The last two of a chunk are its line end, which belongs to nobody.
      const to = at + size - Math.max(0, 2 - this.#left)
      if (to > at) this.#take(at, to, arrived)
      at += size
    }
  }

  /**
   * The line that begins a chunk.
   *
   * @param {number} start
   * @param {number} end
   * @returns {number} where the chunk begins
   */
  #readSize(start, end) {
    const stop = buffer.indexOf(10, start)
    if (stop < 0 || stop >= end) {
      this.#line += buffer.toString('latin1', start, end)
      return end
    }
    this.#left = Number.parseInt(this.#line + buffer.toString('latin1', start, stop), 16) + 2
    this.#line = ''
    return stop + 1
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {number} arrived
   */
  #take(start, end, arrived) {
    if (this.#gunzip === undefined) this.#options.follower.take(buffer, start, end, arrived)
    // It is inflated later, when the next piece is in the buffer.
    else this.#gunzip.write(Buffer.from(buffer.subarray(start, end)))
  }
}
