import { toBytes } from '../base/bytes.ts'
import type { Entry } from '../broker/port.ts'
import { encodeEvent } from '../sse/encode.ts'

/** An entry with its frame. */
export interface Delivery {
  readonly entry: Entry
  /** The same bytes for every subscriber, encoded when they are first asked for: nobody may be live, and the reader slow. */
  readonly frame: Uint8Array
  /** Whether it has been encoded. */
  readonly isFramed: boolean
}

const encoder = new TextEncoder()

export function toDelivery(entry: Entry): Delivery {
  return new EntryDelivery(entry)
}

class EntryDelivery implements Delivery {
  readonly entry: Entry
  #frame: Uint8Array | undefined

  constructor(entry: Entry) {
    this.entry = entry
  }

  get frame(): Uint8Array {
    this.#frame ??= toBytes(toText(this.entry))
    return this.#frame
  }

  set frame(bytes: Uint8Array) {
    this.#frame = bytes
  }

  get isFramed(): boolean {
    return this.#frame !== undefined
  }
}

/** Where frames are put together. One at a time writes here, and nothing stays. */
let bench = new Uint8Array(0)

/**
 * Encodes the frames of deliveries that follow on each other, and of which none is framed, into pieces of about `pieceSize` bytes, of
 * which each has a part: to encode each by itself and join them would cost the memory of all of them once more.
 *
 * @returns the pieces; each begins where the first frame in it does
 */
export function frameInPieces(deliveries: readonly Delivery[], pieceSize: number): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let lengths: number[] = []
  let first = 0
  let size = 0
  const cut = () => {
    if (lengths.length === 0) return
    const piece = bench.slice(0, size)
    let offset = 0
    for (const [index, length] of lengths.entries()) {
      const delivery = deliveries[first + index]
      if (delivery instanceof EntryDelivery) delivery.frame = piece.subarray(offset, offset + length)
      offset += length
    }
    pieces.push(piece)
    first += lengths.length
    lengths = []
    size = 0
  }
  for (const { entry } of deliveries) {
    const text = toText(entry)
    const length = encodeAt(text, size)
    if (size > 0 && size + length > pieceSize) {
      const begin = size
      cut()
      bench.copyWithin(0, begin, begin + length)
    }
    lengths.push(length)
    size += length
  }
  cut()
  if (bench.length > maxBench) bench = new Uint8Array(0)
  return pieces
}

/** Past this size the bench is not kept. */
const maxBench = 256 * 1024

/** @returns how many bytes the text takes up. */
function encodeAt(text: string, offset: number): number {
  const { read, written } = encoder.encodeInto(text, bench.subarray(offset))
  if (read === text.length) return written
  // A code unit of UTF-16 takes up three bytes at most.
  const larger = new Uint8Array(Math.max(maxBench, offset + 3 * text.length))
  larger.set(bench.subarray(0, offset))
  bench = larger
  return encodeAt(text, offset)
}

/** The frame of an entry, as text. */
export function toText({ position, event, channels, data }: Entry): string {
  return encodeEvent({ id: position ?? undefined, event, channel: channels, data })
}

/** What a delivery is counted as, without asking for its frame: UTF-16 code units of its data, as a page of the log counts. */
export function sizeOf({ entry }: Delivery): number {
  return entry.data.length
}

/**
 * The frame of an entry that was found missing after later ones had been sent. It has no id: it must not move anyone's cursor back
 * to before them.
 */
export function toLateFrame(entry: Entry): Uint8Array {
  return toBytes(toText({ ...entry, position: null }))
}
