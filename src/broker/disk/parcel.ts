import { Buffer } from 'node:buffer'
import type { Outgoing } from '../port.ts'

/** The buffer that stays for the next batch has at least, and at most, so many bytes. */
const leastBuffer = 64 * 1024
const mostBuffer = 2 * 1024 * 1024

/** A message without its data, and how many bytes that has. */
interface Header extends Omit<Outgoing, 'data'> {
  readonly size: number
}

/** A batch on its way to the writer's thread. */
export interface Parcel {
  readonly headers: readonly Header[]
  /** The data of all of them, one after the other, as UTF-8. It is handed over, and not copied. */
  readonly data: ArrayBuffer
}

/** A message as the writer's thread has it. */
export interface Unpacked extends Omit<Outgoing, 'data'> {
  /** UTF-8, and a part of the parcel's buffer. */
  readonly data: Uint8Array
}

/**
 * Packs one batch at a time, into a buffer that goes to the thread and back. Cloned, every text would be copied twice on its way, and
 * be garbage in the heaps of two threads.
 */
export class Packer {
  #buffer = new ArrayBuffer(0)

  pack(messages: readonly Outgoing[]): Parcel {
    const headers = messages.map(({ data, ...header }) => ({ ...header, size: Buffer.byteLength(data) }))
    const size = headers.reduce((sum, header) => sum + header.size, 0)
    const data = this.#take(size)
    const bytes = Buffer.from(data)
    let offset = 0
    for (const message of messages) offset += bytes.write(message.data, offset)
    return { headers, data }
  }

  /** To be given the buffer of the last parcel; where it never comes back, the next one gets another. */
  takeBack(data: ArrayBuffer): void {
    if (data.byteLength <= mostBuffer) this.#buffer = data
  }

  #take(size: number): ArrayBuffer {
    const own = this.#buffer
    this.#buffer = new ArrayBuffer(0)
    if (size <= own.byteLength) return own
    // By powers of two, so that a few batches find the size.
    return new ArrayBuffer(size > mostBuffer ? size : Math.max(leastBuffer, 2 ** Math.ceil(Math.log2(size))))
  }
}

export function unpack({ headers, data }: Parcel): Unpacked[] {
  let offset = 0
  return headers.map(({ size, ...header }) => {
    const message = { ...header, data: new Uint8Array(data, offset, size) }
    offset += size
    return message
  })
}
