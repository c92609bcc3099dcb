const encoder = new TextEncoder()

/** Small texts are encoded next to each other: a buffer of its own costs more than what stands in it. */
const slabSize = 16 * 1024
let slab = new Uint8Array(0)
let used = 0

/** A text in UTF-8. MUST NOT be changed, nor its buffer looked at: others have a part of it. */
export function toBytes(text: string): Uint8Array {
  // A code unit of UTF-16 takes up three bytes at most.
  const most = 3 * text.length
  if (most > slabSize / 4) return encoder.encode(text)
  if (used + most > slab.length) {
    slab = new Uint8Array(slabSize)
    used = 0
  }
  const { written } = encoder.encodeInto(text, slab.subarray(used))
  used += written
  return slab.subarray(used - written, used)
}

/** Where texts are measured. */
const scale = new Uint8Array(16 * 1024)

/** How many bytes a text takes up in UTF-8. */
export function byteLength(text: string): number {
  let length = 0
  // To write it somewhere costs a tenth of what a buffer for it would.
  for (let rest = text; rest !== ''; ) {
    const { read, written } = encoder.encodeInto(rest, scale)
    length += written
    rest = rest.slice(read)
  }
  return length
}

/** One buffer of several; the one itself where it is alone. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}
