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
export function toChunk({ bytes }: Packet): Uint8Array {
  if (bytes.length === 0) return bytes
  const head = chunkHead(bytes.length)
  const chunk = Buffer.allocUnsafe(head.length + bytes.length + lineEnd.length)
  chunk.write(head, 0, 'latin1')
  chunk.set(bytes, head.length)
  chunk.write(lineEnd, head.length + bytes.length, 'latin1')
  return chunk
}
