import type { Packet } from './packet.ts'
import type { Sink } from './sink.ts'

const idle = () => {}

/** What a subscriber's bytes leave by: its sink, and what is known of how its reader takes them. */
export class Outbox {
  #sink: Sink | undefined
  /** The sink asked to be waited for. */
  #isFull = false
  #isClosed = false
  #wake = idle
  /** Bytes that the sink could not pass on at once, over its whole life. */
  #queued = 0
  /** How many of these had gone when progress was last seen, and when that was. */
  #gone = 0
  #goneAt: number | undefined

  open(sink: Sink): void {
    this.#sink = sink
    sink.onDrain(() => {
      this.#isFull = false
      this.#wake()
    })
  }

  /** Lets go whoever waits for it. */
  wake(): void {
    this.#wake()
  }

  /** Whether there was a sink to write to. */
  write(packet: Packet): boolean {
    const sink = this.#sink
    if (sink === undefined) return false
    const before = sink.buffered
    if (!sink.write(packet)) this.#isFull = true
    this.#queued += sink.buffered - before
    return true
  }

  /** Bytes that wait. */
  get buffered(): number {
    return this.#sink?.buffered ?? 0
  }

  /** Whether there is a sink that takes more. */
  get isWritable(): boolean {
    return this.#sink !== undefined && !this.#isFull
  }

  /** Resolves when it is writable, or closed. One may wait at a time. */
  async writable(): Promise<void> {
    while (!this.#isClosed && !this.isWritable) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /**
   * Whether bytes have waited for `ms` and not one of them has gone. To be asked now and then: it compares with what it found when it
   * was asked before, and so needs no timer.
   */
  isStalled(now: number, ms: number): boolean {
    const { buffered } = this
    const gone = this.#queued - buffered
    if (buffered === 0 || gone !== this.#gone || this.#goneAt === undefined) {
      this.#gone = gone
      this.#goneAt = buffered === 0 ? undefined : now
      return false
    }
    return now - this.#goneAt >= ms
  }

  /** Ends the stream after what waits. */
  end(): void {
    this.#close((sink) => sink.end())
  }

  /** Ends the stream without what waits. */
  cut(): void {
    this.#close((sink) => sink.cut())
  }

  #close(run: (sink: Sink) => void): void {
    this.#isClosed = true
    if (this.#sink !== undefined) run(this.#sink)
    this.#wake()
  }
}
