// @ts-check
import { Blocks } from './blocks.js'

/** After so many pieces in a row that were not as the reference says, a reader is read by itself for good. */
const patience = 50

/**
 * What one reader has had, and whether that was right.
 *
 * It goes along a {@link import('./reference.js').Reference} as long as its bytes are those of the reference, and is read by
 * itself otherwise.
 */
export class Follower {
  /** The last number it has had, and how many messages those were. */
  seq = 0
  count = 0
  isReady = false

  /** @type {import('./reference.js').Reference | undefined} */ #reference
  /** @type {import('./tally.js').Tally} */ #tally
  /** @type {Blocks} */ #blocks
  #follows = false
  /** Where it is in the reference: the offset of the next byte, and the index of the next message. */
  #offset = 0
  #index = 0
  #strikes = 0
  #arrived = 0

  /**
   * @param {object} options
   * @param {import('./payload.js').Payload} options.payload
   * @param {import('./reference.js').Reference | undefined} options.reference
   * @param {import('./tally.js').Tally} options.tally
   * @param {(seq: number) => boolean} options.isExpected
   * @param {(fault: string) => void} options.onFault
   * @param {(id: string) => void} [options.onId] then it follows nothing, because ids are not looked for there
   */
  constructor({ payload, reference, tally, isExpected, onFault, onId }) {
    this.#reference = onId === undefined ? reference : undefined
    this.#tally = tally
    this.#blocks = new Blocks(payload, {
      onFault,
      onId,
      onMessage: (seq, at) => {
        if (seq === 0) {
          this.isReady = true
          return
        }
        if (seq <= this.seq) onFault(`${seq} came after ${this.seq}`)
        if (!isExpected(seq)) onFault(`${seq} is of another channel`)
        this.seq = seq
        this.count++
        tally.delivered(at, this.#arrived)
      },
    })
  }

  /**
   * @param {Buffer} buffer
   * @param {number} start
   * @param {number} end
   * @param {number} arrived
   */
  take(buffer, start, end, arrived) {
    this.#arrived = arrived
    if (this.#reference === undefined) this.#blocks.take(buffer.toString('latin1', start, end))
    else if (this.#follows) this.#follow(this.#reference, buffer, start, end)
    else {
      this.#blocks.take(buffer.toString('latin1', start, end))
      this.#join(this.#reference)
    }
  }

  /** To be called before bytes of the reference go that it may still need. */
  trim() {
    const reference = this.#reference
    if (reference !== undefined && this.#follows && (reference.ends[this.#index - 1] ?? 0) < reference.oldest)
      this.#leave(reference)
  }

  /**
   * @param {import('./reference.js').Reference} reference
   * @param {Buffer} buffer
   * @param {number} start
   * @param {number} end
   */
  #follow(reference, buffer, start, end) {
    const known = Math.min(end - start, reference.end - this.#offset)
    if (known > 0 && !reference.has(this.#offset, buffer, start, start + known)) {
      this.#readAlone(reference, buffer, start, end)
      return
    }
    this.#advance(reference, known)
    if (start + known === end) return
    // Somebody has marked a place that this one has not come to: it lost less, or is behind.
    if ((reference.seqs.at(-1) ?? 0) > this.seq) this.#readAlone(reference, buffer, start + known, end)
    else {
      reference.append(buffer, start + known, end)
      this.#advance(reference, end - start - known)
    }
  }

  /**
   * @param {import('./reference.js').Reference} reference
   * @param {number} bytes
   */
  #advance({ ends, ats, seqs }, bytes) {
    this.#offset += bytes
    let index = this.#index
    for (; index < ends.length && (ends[index] ?? 0) <= this.#offset; index++) {
      const at = ats[index] ?? 0
      // A mark is no message.
      if (at === 0) continue
      this.seq = seqs[index] ?? 0
      this.count++
      this.#tally.delivered(at, this.#arrived)
    }
    if (index > this.#index) this.#strikes = 0
    this.#index = index
  }

  /**
   * @param {import('./reference.js').Reference} reference
   * @param {Buffer} buffer
   * @param {number} start
   * @param {number} end
   */
  #readAlone(reference, buffer, start, end) {
    this.#leave(reference)
    if (++this.#strikes > patience) this.#reference = undefined
    this.#blocks.take(buffer.toString('latin1', start, end))
    this.#join(reference)
  }

  /** @param {import('./reference.js').Reference} reference */
  #join(reference) {
    if (!this.isReady || !this.#blocks.isWhole || this.#reference === undefined) return
    const index = reference.indexAfter(this.seq)
    if (index === undefined) return
    this.#index = index
    this.#offset = reference.ends[index - 1] ?? 0
    this.#follows = true
  }

  /** @param {import('./reference.js').Reference} reference */
  #leave(reference) {
    this.#follows = false
    // What it has had since the last message was as the reference says.
    this.#blocks.take(reference.text(reference.ends[this.#index - 1] ?? 0, this.#offset))
  }
}
