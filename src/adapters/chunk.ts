import { Buffer } from 'node:buffer'
import type { Packet } from '../hub/packet.ts'

const lineEnd = '\r\n'

/** What a body in chunks ends with (RFC 9112, 7.1). */
export const lastChunk = '0\r\n\r\n'

/** The line that stands before the bytes of a chunk. */
export function chunkHead(length: number): string {
  return length.toString(16) + lineEnd
}

/** What stands after them. */
export const chunkEnd = lineEnd

/** A packet as one chunk of an HTTP/1.1 body. One that holds nothing is none: an empty chunk would end the body. */
export function toChunk(packet: Packet): Uint8Array {
  return chunkBehind('', packet)
}

/** The same behind the head of its answer. */
export function chunkBehind(head: string, { bytes }: Packet): Uint8Array {
  const isChunk = bytes.length > 0
  const text = isChunk ? head + chunkHead(bytes.length) : head
  const chunk = Buffer.allocUnsafe(text.length + bytes.length + (isChunk ? chunkEnd.length : 0))
  chunk.write(text, 0, 'latin1')
  chunk.set(bytes, text.length)
  if (isChunk) chunk.write(chunkEnd, text.length + bytes.length, 'latin1')
  return chunk
}
