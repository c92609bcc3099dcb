import { joinBytes } from '../base/bytes.ts'
import { type Making, Packet } from '../hub/packet.ts'
import type { Sink } from '../hub/sink.ts'
import { header, none, trailer } from './block.ts'
import { joinChecks } from './crc32.ts'
import { ownBlocks } from './own.ts'
import { type Past, Shared } from './shared.ts'
import { type Zlib, zlib } from './zlib.ts'

/** A sink whose bytes go to another one as a gzip stream. Undefined where the platform has nothing to make one with. */
export const gzip: ((inner: Sink) => Sink) | undefined = zlib === undefined ? undefined : gzipWith(zlib)

function gzipWith(zlib: Zlib): (inner: Sink) => Sink {
  const toShared: Making<Shared> = ({ bytes }) => new Shared(zlib, bytes)
  return (inner) => new GzipSink(inner, zlib, toShared)
}

/**
 * A gzip stream (RFC 1952) for one reader.
 *
 * What goes to many is compressed once for all of them, in blocks that end at a byte. What is each one's own is the header, and a
 * check value, which is put together from those of the packets. A stream that is ended is whole, one that is cut is not.
 */
class GzipSink implements Sink {
  readonly #inner: Sink
  readonly #zlib: Zlib
  readonly #toShared: Making<Shared>
  /** Of all that was written, as it was before it was compressed. */
  #check = 0
  #length = 0
  /** Undefined behind what was for this reader alone. */
  #past: Past | undefined
  #isBegun = false
  #isEnded = false

  constructor(inner: Sink, zlib: Zlib, toShared: Making<Shared>) {
    this.#inner = inner
    this.#zlib = zlib
    this.#toShared = toShared
  }

  write(packet: Packet): boolean {
    if (this.#isEnded) return false
    this.#length += packet.bytes.length
    return packet.isShared ? this.#writeShared(packet.made(this.#toShared)) : this.#writeOwn(packet.bytes)
  }

  #writeShared(shared: Shared): boolean {
    if (!this.#isBegun) this.#writeParts([])
    const { block, past } = shared.after(this.#past)
    this.#past = past
    this.#check = joinChecks(this.#check, shared.check, shared.shift)
    return this.#inner.write(block)
  }

  #writeOwn(bytes: Uint8Array): boolean {
    this.#past = undefined
    // Of nothing, Node gives the value of nothing, whatever came before.
    if (bytes.length > 0) this.#check = this.#zlib.crc32(bytes, this.#check)
    return this.#writeParts(ownBlocks(this.#zlib, bytes))
  }

  /** For this reader, behind the header where nothing has been written yet. */
  #writeParts(parts: readonly Uint8Array[]): boolean {
    const [first = none, ...rest] = parts
    let isReady = this.#inner.write(Packet.toOne(this.#isBegun ? first : joinBytes([header, first])))
    this.#isBegun = true
    for (const part of rest) isReady = this.#inner.write(Packet.toOne(part))
    return isReady
  }

  get buffered(): number {
    return this.#inner.buffered
  }

  onDrain(run: () => void): void {
    this.#inner.onDrain(run)
  }

  onClose(run: () => void): void {
    this.#inner.onClose(run)
  }

  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#writeParts([trailer(this.#check, this.#length)])
    this.#inner.end()
  }

  cut(): void {
    this.#isEnded = true
    this.#inner.cut()
  }
}
