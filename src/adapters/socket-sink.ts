import type { Socket } from 'node:net'
import { type Clock, systemClock } from '../base/clock.ts'
import type { Packet } from '../hub/packet.ts'
import type { Sink } from '../hub/sink.ts'
import { chunkBehind, chunkEnd, chunkHead, toChunk } from './chunk.ts'
import { endInTime } from './ending.ts'

/** Past this a packet for one reader is written around, and not copied into a chunk. */
const largest = 4 * 1024

/**
 * A sink on the socket itself of an HTTP/1.1 answer whose body goes in chunks.
 *
 * The chunks are the same bytes for all who get them, so what is left of a write is the call of the operating system. `response.write`
 * would make three buffers of it for each reader, and gather them.
 */
export class SocketSink implements Sink {
  readonly #socket: Socket
  readonly #end: (socket: Socket) => void
  readonly #clock: Clock
  #head: string
  #isEnded = false

  /**
   * @param end Writes the last chunk, and ends the connection.
   * @param head That of the answer, if it has not been written. It goes with the first chunk, or with {@link begin}.
   */
  constructor(socket: Socket, end: (socket: Socket) => void, head = '', clock: Clock = systemClock) {
    this.#socket = socket
    this.#end = end
    this.#head = head
    this.#clock = clock
  }

  /** Writes the head, if nothing else has taken it along. */
  begin(): void {
    const head = this.#head
    this.#head = ''
    if (head !== '' && !this.#socket.destroyed) this.#socket.write(head, 'latin1')
  }

  write(packet: Packet): boolean {
    const socket = this.#socket
    if (this.#isEnded || socket.destroyed) return false
    if (this.#head !== '') return this.#writeFirst(packet)
    if (packet.isShared || packet.bytes.length <= largest) return socket.write(packet.made(toChunk))
    socket.cork()
    socket.write(chunkHead(packet.bytes.length), 'latin1')
    socket.write(packet.bytes)
    const isReady = socket.write(chunkEnd, 'latin1')
    socket.uncork()
    return isReady
  }

  /** One buffer and one call for both, which is half the work of an answer. */
  #writeFirst(packet: Packet): boolean {
    const head = this.#head
    this.#head = ''
    return this.#socket.write(chunkBehind(head, packet))
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
    this.begin()
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
