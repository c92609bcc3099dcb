import type { Packet } from './packet.ts'

/**
 * What a subscriber writes to. Node responses, HTTP/2 and web streams each have one, in `adapters/`.
 *
 * A sink MUST NOT throw, also after it has closed: then `write` takes nothing and answers false.
 */
export interface Sink {
  /** Takes the packet, always; false asks the writer to wait for `onDrain` before the next. */
  write(packet: Packet): boolean
  /** Bytes taken and not yet handed to the operating system or the reader. */
  readonly buffered: number
  /** Calls `run` each time the waiting bytes have gone. */
  onDrain(run: () => void): void
  /** Calls `run` once when the reader is gone or the stream has ended; at once where that has already happened. */
  onClose(run: () => void): void
  /** Ends the stream after what is waiting. */
  end(): void
  /** Ends the stream at once, and throws away what is waiting. */
  cut(): void
}
