/** Text that comes in pieces and is wanted whole. */
export interface Pieces {
  /** In UTF-16 code units. */
  readonly length: number
  add(piece: string): void
  /** All of it, leaving nothing. */
  take(): string
}

/** How many pieces are held apart at most. */
const heldApart = 256

/**
 * Adding costs the same however much is held already.
 *
 * Neither `+=` nor a list alone will do. Engines keep an appended string as a rope with a node of some 32 bytes for each
 * piece, and a slice keeps alive the whole chunk that it was cut from; so a server that sends single characters would
 * take many times the memory that it sends. A join copies the pieces and lets go of all that.
 */
export function createPieces(): Pieces {
  return new JoinedPieces()
}

class JoinedPieces implements Pieces {
  readonly #apart: string[] = []
  #joined = ''
  #length = 0

  get length(): number {
    return this.#length
  }

  add(piece: string): void {
    this.#length += piece.length
    this.#apart.push(piece)
    if (this.#apart.length === heldApart) this.#join()
  }

  take(): string {
    this.#join()
    const text = this.#joined
    this.#joined = ''
    this.#length = 0
    return text
  }

  #join(): void {
    this.#joined += this.#apart.join('')
    this.#apart.length = 0
  }
}
