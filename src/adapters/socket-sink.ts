import type { Socket } from 'node:net'
import { type Clock, systemClock } from '../base/clock.ts'
import type { Packet } from '../hub/packet.ts'
import type { Sink } from '../hub/sink.ts'
import { chunkEnd, chunkHead, toChunk } from './chunk.ts'
import { endInTime } from './ending.ts'

/** Past this a packet for one reader is written around, and not copied into a chunk. */
const largest = 4 * 1024

/**
 * A sink on the socket itself of an HTTP/1.1 answer whose body goes in chunks, and whose headers have been written.
 *
 * The chunks are the same bytes for all who get them, so what is left of a write is the call of the operating system. `response.write`
 * would make three buffers of it for each reader, and gather them.
 */
export class SocketSink implements Sink {
  readonly #socket: Socket
  readonly #end: (socket: Socket) => void
  readonly #clock: Clock
  #isEnded = false

  /** @param end Writes the last chunk, and ends the connection. */
  constructor(socket: Socket, end: (socket: Socket) => void, clock: Clock = systemClock) {
    this.#socket = socket
    this.#end = end
    this.#clock = clock
  }

  write(packet: Packet): boolean {
    const socket = this.#socket
    if (this.#isEnded || socket.destroyed) return false
    if (packet.isShared || packet.bytes.length <= largest) return socket.write(packet.made(toChunk))
    socket.cork()
    socket.write(chunkHead(packet.bytes.length), 'latin1')
    socket.write(packet.bytes)
    const isReady = socket.write(chunkEnd, 'latin1')
    socket.uncork()
    return isReady
  }

  get buffered(): number {
    return this.#socket.writableLength
  }

  onDrain(run: () => void): void {
    this.#socket.on('drain', run)
  }

  onClose(run: () => void): void {
    if (this.#socket.closed) run()
    // Not `once`, which makes four objects of it. It closes once.
    else this.#socket.on('close', run)
  }

  end(): void {
    if (this.#isEnded || this.#socket.destroyed) return
    this.#isEnded = true
    this.#end(this.#socket)
    endInTime(
      this.#clock,
      (run) => this.onClose(run),
      () => this.cut(),
    )
  }

  cut(): void {
    this.#socket.destroy()
  }
}
