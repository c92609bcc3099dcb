import { isSame } from '../base/same.ts'
import { Packet } from '../hub/packet.ts'
import { deflate, none, smallestAlone, store } from './block.ts'
import { shiftOf } from './crc32.ts'
import type { Zlib } from './zlib.ts'

/** Bytes of a stream's end that may be referred to: several messages of 1 KB, whose keys and values come again. More gains little. */
const window = 8 * 1024

/** Packets up to this size are stored also for those who have a past: they would hardly get smaller. */
const smallest = 100

/** Packets above this size refer to nothing before them: what is alike in them is in themselves. */
const largest = 16 * 1024

/** For how many different pasts one packet is deflated, those without any being one. Readers with others are given it without. */
const mostPasts = 4

/** Readers that are worth keeping a past for. Of fewer, each would cost a good part of {@link window}. */
const fewestReaders = 4

/**
 * The end of a stream, up to which others have the same. It is filled in, for all who have it, once they turn out to be enough.
 */
export interface Past {
  bytes?: Uint8Array
}

/** A packet, as it is for those who have one past. */
interface Form {
  readonly after: Uint8Array | undefined
  readonly block: Packet
  readonly past: Past
}

/**
 * A packet for many readers, compressed.
 *
 * Those whose streams end alike get the same block, which refers to that end. A newcomer has another end for its first messages, until
 * all that may be referred to has reached it too.
 */
export class Shared {
  readonly length: number
  /** Its own check value, and what it does to that of what stands before it. */
  readonly check: number
  readonly shift: number
  readonly #zlib: Zlib
  readonly #bytes: Uint8Array
  readonly #forms: Form[] = []
  #stored: Packet | undefined
  #readers = 0

  constructor(zlib: Zlib, bytes: Uint8Array) {
    this.length = bytes.length
    this.check = zlib.crc32(bytes)
    this.shift = shiftOf(bytes.length)
    this.#zlib = zlib
    this.#bytes = bytes
  }

  /** For a reader whose stream ends with `past`. */
  after(past: Past | undefined): Form {
    if (++this.#readers === fewestReaders) for (const form of this.#forms) this.#keep(form)
    const after = this.length > largest ? undefined : past?.bytes
    return this.#find(after) ?? (this.#forms.length < mostPasts ? this.#add(after) : this.#withoutPast())
  }

  #withoutPast(): Form {
    return this.#find(undefined) ?? this.#add(undefined)
  }

  #find(after: Uint8Array | undefined): Form | undefined {
    for (const form of this.#forms) if (form.after === after) return form
    return undefined
  }

  #add(after: Uint8Array | undefined): Form {
    const form = { after, block: this.#block(after), past: {} }
    this.#forms.push(form)
    if (this.#readers >= fewestReaders) this.#keep(form)
    return form
  }

  #block(after: Uint8Array | undefined): Packet {
    const bytes = this.#bytes
    const least = after === undefined ? smallestAlone : smallest
    if (bytes.length > least) return Packet.toMany(deflate(this.#zlib, bytes, after))
    this.#stored ??= Packet.toMany(store(bytes, none))
    return this.#stored
  }

  #keep({ after = none, past }: Form): void {
    const end = endOf(after, this.#bytes)
    const same = this.#forms.find(({ past: { bytes } }) => bytes !== undefined && isSame(bytes, end))
    // One object for those who have come to the same end, which are one group from here on.
    past.bytes = same?.past.bytes ?? end
  }
}

function endOf(before: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (bytes.length >= window) return bytes.slice(-window)
  const start = Math.max(0, before.length + bytes.length - window)
  const end = new Uint8Array(before.length + bytes.length - start)
  end.set(before.subarray(start))
  end.set(bytes, before.length - start)
  return end
}
