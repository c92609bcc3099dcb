// @ts-check

/**
 * What the messages hold beside their number and time: `text` is one letter again and again, `json` is a record as applications
 * send them, another one each time.
 *
 * @typedef {{ shape: 'text' | 'json', bytes: number }} PayloadOptions `bytes`: how long a message's JSON is, about
 */

/** As the readers look for it; a message is written by `JSON.stringify` in this order on every way to them. */
export const beforeSeq = '{"seq":'
export const beforeAt = ',"at":'

/** Digits of a `seq` and an `at`, about, and what stands around them. */
const overhead = beforeSeq.length + 6 + beforeAt.length + 12 + ',"text":""}'.length

/** So many different messages of the shape `json`, which then come again. */
const variety = 64

/** Makes messages, and knows what each must end with. Those with number 0 only show that a reader is connected. */
export class Payload {
  /** @type {readonly object[]} */ #bodies
  /** @type {readonly string[]} */ #endings
  /** The same, with a character for each byte. */
  /** @type {readonly string[]} */ #seen

  /** @param {PayloadOptions} options */
  constructor({ shape, bytes }) {
    const size = Math.max(1, bytes - overhead)
    this.#bodies =
      shape === 'text'
        ? [{ text: 'x'.repeat(size) }]
        : Array.from({ length: variety }, (_, index) => ({ items: toItems(index, size) }))
    this.#endings = this.#bodies.map((body) => `,${JSON.stringify(body).slice(1)}`)
    this.#seen = this.#endings.map((ending) => Buffer.from(ending).toString('latin1'))
  }

  /**
   * @param {number} seq
   * @param {number} at
   */
  toData(seq, at) {
    return { seq, at, ...this.#bodies[seq % this.#bodies.length] }
  }

  /**
   * @param {number} seq
   * @param {number} at
   */
  toJson(seq, at) {
    return `${beforeSeq}${seq}${beforeAt}${at}${this.#endings[seq % this.#endings.length]}`
  }

  /**
   * What must stand after its time, with a character for each byte.
   *
   * @param {number} seq
   */
  endingOf(seq) {
    return this.#seen[seq % this.#seen.length] ?? ''
  }
}

const names = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Alan', 'Radia']
const places = ['Rotterdam', 'Valparaíso', 'Nagasaki', 'Mombasa', 'Tallinn', 'Halifax', 'Chennai']

/**
 * Orders of a shop, as long together as they may be; by number, so that a reader can tell what must come.
 *
 * @param {number} seed
 * @param {number} bytes
 */
function toItems(seed, bytes) {
  let state = seed * 2654435761 + 12345
  const next = (/** @type {number} */ below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >>> 8) % below
  }
  const items = []
  for (let left = bytes; left > 0; ) {
    const item = {
      id: `ord_${next(0x7fffffff).toString(36)}${next(0x7fffffff).toString(36)}`,
      customer: { name: names[next(names.length)], city: places[next(places.length)], verified: next(2) === 1 },
      total: next(100_000) / 100,
      currency: 'EUR',
      placedAt: new Date(1_763_000_000_000 + next(0x7fffffff)).toISOString(),
    }
    left -= Buffer.byteLength(JSON.stringify(item)) + 1
    if (left > 0 || items.length === 0) items.push(item)
  }
  return items
}
