import { joinBytes } from '../../base/bytes.ts'
import { firstIndex } from '../../base/search.ts'
import type { Broker, Position } from '../../broker/port.ts'
import { type Delivery, frameInPieces } from '../delivery.ts'

/** Bytes of one piece. What a slow reader keeps from being freed is this much more than what waits for it, and no more. */
const pieceSize = 64 * 1024

/** Of a piece that nobody has joined yet, this much is copied rather than all of it joined: a message or two of a ring that changes with each. */
const smallSize = 4 * 1024

interface Piece {
  /** The first of its deliveries, and the one after its last. */
  readonly first: number
  readonly end: number
  bytes?: Uint8Array
}

/**
 * Deliveries that follow on each other, and their bytes.
 *
 * The frames are joined once, in pieces, and each reader is given views of these: ten thousand readers that stand at as many places
 * cost one copy, and not one each.
 */
export class Run {
  readonly deliveries: readonly Delivery[]
  /** Bytes of all frames. */
  readonly size: number
  /** Where each frame begins, counted from the beginning of its piece. */
  readonly #offsets: number[] = []
  readonly #pieces: Piece[] = []

  constructor(deliveries: readonly Delivery[]) {
    this.deliveries = deliveries
    // What was read from the log just now, and has gone to nobody.
    const framed = deliveries.some(({ isFramed }) => isFramed) ? [] : frameInPieces(deliveries, pieceSize)
    let size = 0
    let first = 0
    let offset = 0
    deliveries.forEach(({ frame }, index) => {
      if (offset > 0 && offset + frame.length > pieceSize) {
        this.#add(first, index, framed)
        first = index
        offset = 0
      }
      this.#offsets.push(offset)
      offset += frame.length
      size += frame.length
    })
    if (offset > 0) this.#add(first, deliveries.length, framed)
    this.size = size
  }

  /** The index of the first delivery after a position. */
  indexAfter(position: Position, compare: Broker['compare']): number {
    const { deliveries } = this
    return firstIndex(
      0,
      deliveries.length,
      (index) => compare(deliveries[index]?.entry.position ?? position, position) > 0,
    )
  }

  /** The bytes of the deliveries from the index `first` up to `end`. They are shared: MUST NOT be changed. */
  bytes(first: number, end: number): Uint8Array[] {
    const parts: Uint8Array[] = []
    for (const piece of this.#pieces) {
      if (piece.end <= first) continue
      if (piece.first >= end) break
      const from = Math.max(first, piece.first)
      const to = Math.min(end, piece.end)
      const begin = this.#offsets[from] ?? 0
      if (piece.bytes === undefined && (this.#offsets[to - 1] ?? 0) - begin < smallSize) {
        parts.push(this.#join(from, to))
        continue
      }
      piece.bytes ??= this.#join(piece.first, piece.end)
      parts.push(piece.bytes.subarray(begin, to < piece.end ? this.#offsets[to] : undefined))
    }
    return parts
  }

  #add(first: number, end: number, framed: readonly Uint8Array[]): void {
    const bytes = framed[this.#pieces.length]
    this.#pieces.push(bytes === undefined ? { first, end } : { first, end, bytes })
  }

  #join(first: number, end: number): Uint8Array {
    return joinBytes(this.deliveries.slice(first, end).map(({ frame }) => frame))
  }
}
