// @ts-check
import { Blocks } from './blocks.js'

/** Bytes that are kept; past twice as much the older ones are dropped. */
const kept = 32 * 1024 * 1024

/**
 * What the readers of the same channels must all see: whoever is first with some bytes has them read with care, and the others' are
 * compared with them. That is what lets one core check millions of deliveries a second.
 */
export class Reference {
  /** The messages in it, by index: their number, their time, and the offset after each. The first is none, and stands for the start. */
  /** @type {number[]} */ seqs = [0]
  /** @type {number[]} */ ats = [0]
  /** @type {number[]} */ ends = [0]
  /** The offset after its last byte. */
  end = 0
  /** The first offset that is left, after {@link append} has made room. */
  oldest = 0

  /** @type {Buffer} */ #bytes = Buffer.allocUnsafeSlow(1024 * 1024)
  /** The offset of its first byte. */
  #base = 0
  /** @type {Blocks} */ #blocks
  /** @type {() => void} */ #onTrim

  /**
   * @param {import('./payload.js').Payload} payload
   * @param {object} options
   * @param {(seq: number) => boolean} options.isExpected whether a message belongs here
   * @param {(fault: string) => void} options.onFault
   * @param {() => void} options.onTrim bytes before {@link oldest} are about to go
   */
  constructor(payload, { isExpected, onFault, onTrim }) {
    this.#onTrim = onTrim
    this.#blocks = new Blocks(payload, {
      onFault,
      onMessage: (seq, at, end) => {
        if (seq === 0) return
        const last = this.seqs.at(-1) ?? 0
        if (seq <= last) onFault(`${seq} came after ${last}`)
        if (!isExpected(seq)) onFault(`${seq} is of another channel`)
        this.seqs.push(seq)
        this.ats.push(at)
        this.ends.push(end)
      },
    })
  }

  /**
   * Whether these bytes stand at this offset.
   *
   * @param {number} offset
   * @param {Buffer} buffer
   * @param {number} start
   * @param {number} end
   */
  has(offset, buffer, start, end) {
    const from = offset - this.#base
    return this.#bytes.compare(buffer, start, end, from, from + end - start) === 0
  }

  /**
   * @param {Buffer} buffer
   * @param {number} start
   * @param {number} end
   */
  append(buffer, start, end) {
    this.#makeRoom(end - start)
    buffer.copy(this.#bytes, this.end - this.#base, start, end)
    this.end += end - start
    this.#blocks.take(buffer.toString('latin1', start, end))
  }

  /**
   * The index after a message, if a reader that has had it, and nothing of what follows, can go on from here.
   *
   * @param {number} seq
   * @returns {number | undefined}
   */
  indexAfter(seq) {
    const { seqs } = this
    const last = seqs.at(-1) ?? 0
    if (seq > last) {
      if (!this.#blocks.isWhole) return undefined
      // Where messages get lost the one that is in front may be a reader who had to be read with care. The others go on behind him.
      seqs.push(seq)
      this.ats.push(0)
      this.ends.push(this.end)
      return seqs.length
    }
    let [low, high] = [0, seqs.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((seqs[middle] ?? 0) < seq) low = middle + 1
      else high = middle
    }
    return seqs[low] === seq && (this.ends[low] ?? 0) >= this.#base ? low + 1 : undefined
  }

  /**
   * What stands between two offsets, with a character for each byte.
   *
   * @param {number} from
   * @param {number} to
   */
  text(from, to) {
    return this.#bytes.toString('latin1', from - this.#base, to - this.#base)
  }

  /** @param {number} size */
  #makeRoom(size) {
    const used = this.end - this.#base
    if (used + size <= this.#bytes.length) return
    if (used > 2 * kept) {
      this.oldest = this.end - kept
      this.#onTrim()
      this.#bytes.copyWithin(0, used - kept, used)
      this.#base = this.oldest
      return
    }
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#bytes.length * 2 + size, 2 * kept + 1024 * 1024))
    this.#bytes.copy(larger, 0, 0, used)
    this.#bytes = larger
  }
}
