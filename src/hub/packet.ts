/** What is made of a packet, such as a compressed form of its bytes. MUST depend on nothing else. */
export type Making<T> = (packet: Packet) => T

/**
 * Bytes on their way to readers, whole blocks of the stream. What sinks make of them, to frame or to compress them, is made once for
 * all of these readers and kept as long as the packet is.
 */
export class Packet {
  /** MUST NOT be changed. */
  readonly bytes: Uint8Array
  /** Whether it goes to many. What is large and for one is better written around than copied. */
  readonly isShared: boolean
  // Readers of one adapter make one thing of it, so one place is enough most of the time, and costs no map.
  #making: Making<unknown> | undefined
  #made: unknown
  #others: Map<Making<unknown>, unknown> | undefined

  private constructor(bytes: Uint8Array, isShared: boolean) {
    this.bytes = bytes
    this.isShared = isShared
  }

  static toOne(bytes: Uint8Array): Packet {
    return new Packet(bytes, false)
  }

  static toMany(bytes: Uint8Array): Packet {
    return new Packet(bytes, true)
  }

  /** What `making` makes of this packet: the same object each time. `making` MUST be one function, not a new one for each call. */
  made<T>(making: Making<T>): T {
    if (this.#making === making) return this.#made as T
    if (this.#making === undefined) {
      this.#making = making
      const made = making(this)
      this.#made = made
      return made
    }
    this.#others ??= new Map()
    if (!this.#others.has(making)) this.#others.set(making, making(this))
    return this.#others.get(making) as T
  }
}
