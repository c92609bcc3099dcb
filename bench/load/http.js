// @ts-check
import { connect } from 'node:net'

/** How long an answer may take, in ms. */
const patience = 60_000

/**
 * One connection on which requests are sent without waiting for the answers to those before. It exists because an HTTP client would
 * cost the load more than what it asks for costs the server.
 */
export class HttpConnection {
  /** @type {URL} */ #url
  /** @type {import('node:net').Socket | undefined} */ #socket
  /** @type {{ resolve: (body: string) => void, reject: (error: Error) => void }[]} */ #calls = []
  #text = ''

  /** @param {string} url */
  constructor(url) {
    this.#url = new URL(url)
  }

  /**
   * @param {string} path
   * @param {Readonly<Record<string, string>>} headers
   * @param {string} body
   * @returns {Promise<string>} the body of the answer, which MUST be one of the 200s
   */
  post(path, headers, body) {
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const length = Buffer.byteLength(body)
    return new Promise((resolve, reject) => {
      this.#calls.push({ resolve, reject })
      // In one piece, or the head would travel alone.
      this.#open().write(
        `POST ${path} HTTP/1.1\r\nHost: ${this.#url.host}\r\n${fields.join('')}Content-Length: ${length}\r\n\r\n${body}`,
      )
    })
  }

  close() {
    this.#socket?.destroy()
  }

  #open() {
    if (this.#socket !== undefined) return this.#socket
    const socket = connect(Number(this.#url.port), this.#url.hostname).setNoDelay(true).setEncoding('latin1')
    socket.setTimeout(patience)
    this.#socket = socket
    socket.on('data', (chunk) => {
      this.#text += chunk
      while (this.#readAnswer());
    })
    socket.on('timeout', () => {
      if (this.#calls.length > 0) socket.destroy(new Error(`no answer to a POST in ${patience} ms`))
    })
    const end = (/** @type {Error} */ error) => {
      // One that was left behind has nobody waiting.
      if (this.#socket !== socket) return
      this.#socket = undefined
      for (const { reject } of this.#calls.splice(0)) reject(error)
    }
    socket.on('error', end)
    // Servers close what is quiet for a while; the next request then makes another.
    socket.on('close', () => end(new Error('the server closed the connection')))
    return socket
  }

  #readAnswer() {
    const headEnd = this.#text.indexOf('\r\n\r\n')
    if (headEnd < 0) return false
    const head = this.#text.slice(0, headEnd)
    const start = headEnd + 4
    const length = /^content-length: *(\d+)/im.exec(head)?.[1]
    let end = start + Number(length ?? 0)
    if (length === undefined && /^transfer-encoding: *chunked/im.test(head)) {
      const last = this.#text.indexOf('0\r\n\r\n', start)
      if (last < 0) return false
      end = last + 5
    }
    if (this.#text.length < end) return false
    const body = this.#text.slice(start, end)
    this.#text = this.#text.slice(end)
    const call = this.#calls.shift()
    // It is the last answer here; who is told of it may write at once.
    if (/^connection: *close$/im.test(head) && this.#calls.length === 0) this.#socket = undefined
    if (/^HTTP\/1\.1 2/.test(head)) call?.resolve(body)
    else call?.reject(new Error(`a POST was answered ${head.split('\r\n', 1)[0]}: ${body}`))
    return true
  }
}
