// @ts-check

/** @typedef {import('node:http').RequestListener} RequestListener */

/**
 * A `POST /publish` as Millrace has it, one message as JSON or several as NDJSON, around libraries that have none; all other requests
 * are the library's.
 *
 * @param {(channel: string, data: unknown) => unknown} publish
 * @param {RequestListener} stream
 * @returns {RequestListener}
 */
export function withPublish(publish, stream) {
  return (request, response) => {
    if (request.method !== 'POST') {
      stream(request, response)
      return
    }
    let body = ''
    request.setEncoding('utf8').on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      for (const line of body.split('\n')) {
        const { channel, data } = JSON.parse(line)
        publish(channel, data)
      }
      response.writeHead(200, { 'content-length': 0 }).end()
    })
  }
}

/**
 * Who listens where, for libraries that do not know channels.
 *
 * @template T
 */
export class Listeners {
  /** @type {Map<string, Set<T>>} */ #byChannel = new Map()

  /**
   * @param {readonly string[]} channels
   * @param {T} listener
   * @returns {() => void} undo
   */
  add(channels, listener) {
    const sets = channels.map((channel) => {
      const set = this.#byChannel.get(channel) ?? new Set()
      this.#byChannel.set(channel, set)
      return set.add(listener)
    })
    return () => {
      for (const set of sets) set.delete(listener)
    }
  }

  /**
   * @param {string} channel
   * @returns {Iterable<T>}
   */
  of(channel) {
    return this.#byChannel.get(channel) ?? []
  }
}

/**
 * @param {string | undefined} url
 * @returns {string[]} the channels in `?channel=a,b`
 */
export function channelsIn(url = '') {
  return (new URL(url, 'http://localhost').searchParams.get('channel') ?? '').split(',')
}
