import type { Zlib } from './zlib.ts'

/** What a gzip stream begins with (RFC 1952, 2.3): deflate, no name, no time, of no system in particular. */
export const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)

export const none = new Uint8Array(0)

/**
 * Up to this size bytes that refer to nothing before them are stored: to deflate them would take two or three times as long as to write
 * them, and leave half.
 */
export const smallestAlone = 1_000

/** Bytes before the contents of a stored block, and how many it holds at most (RFC 1951, 3.2.4). */
const storedHead = 5
const mostStored = 0xffff

/**
 * Level 3 is where small messages stop getting noticeably smaller; 6 takes twice as long for large ones, to save 7% of what is left.
 */
const level = 3

/**
 * Bytes as blocks that end at a byte, so that they can be put behind any others.
 *
 * @param past What stands right before them in the streams of all who get them, and may be referred to.
 */
export function deflate(zlib: Zlib, bytes: Uint8Array, past?: Uint8Array): Uint8Array {
  const dictionary = past === undefined ? undefined : { dictionary: past }
  const blocks = zlib.deflateRawSync(bytes, { level, finishFlush: zlib.constants.Z_SYNC_FLUSH, ...dictionary })
  // A copy, because what zlib gives is the beginning of a buffer of 16 KiB, and may wait for a slow reader.
  return new Uint8Array(blocks)
}

/** Bytes as they are, in one buffer, behind `before`. */
export function store(bytes: Uint8Array, before: Uint8Array): Uint8Array {
  const parts = storedParts(bytes)
  const stored = new Uint8Array(before.length + bytes.length + (parts.length / 2) * storedHead)
  stored.set(before)
  let offset = before.length
  for (const part of parts) {
    stored.set(part, offset)
    offset += part.length
  }
  return stored
}

/** Bytes as they are, around the buffer that they are in. */
export function storedParts(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  let offset = 0
  do {
    const part = bytes.subarray(offset, offset + mostStored)
    const head = new Uint8Array(storedHead)
    const view = new DataView(head.buffer)
    view.setUint16(1, part.length, true)
    view.setUint16(3, ~part.length, true)
    parts.push(head, part)
    offset += part.length
  } while (offset < bytes.length)
  return parts
}

/** What a gzip stream ends with: a last block with nothing in it, the check value, and the length modulo 2^32. */
export function trailer(check: number, length: number): Uint8Array {
  const bytes = new Uint8Array(10)
  const view = new DataView(bytes.buffer)
  // Last block, of fixed codes; then the code that ends it, which is zeros.
  bytes[0] = 3
  view.setUint32(2, check, true)
  view.setUint32(6, length % 2 ** 32, true)
  return bytes
}
