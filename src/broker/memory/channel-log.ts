import { firstIndex } from '../../base/search.ts'
import type { Slice } from '../page.ts'
import type { Entry, PageLimit, Position } from '../port.ts'
import { comparePositions, positionAt } from '../position.ts'
import type { Retention } from '../retention.ts'

/** The entries of one channel that are kept, oldest first. */
export class ChannelLog {
  /** The last position there has been, whether or not its entry is still kept. */
  last: Position
  #entries: Entry[] = []
  /** Entries before this index are trimmed; the array is cut when they are half of it, so that trimming costs O(1). */
  #first = 0
  /** Of each entry the bytes of its data, as UTF-8. */
  #sizes: number[] = []
  #bytes = 0
  #retention: Retention

  constructor(last: Position, retention: Retention) {
    this.last = last
    this.#retention = retention
  }

  get size(): number {
    return this.#entries.length - this.#first
  }

  /** @param size Of its data, in bytes. What is too old is only dropped when it is read, or somebody comes by to {@link trim}. */
  append(entry: Entry, size: number, position: Position, retention: Retention): void {
    this.#retention = retention
    this.#entries.push(entry)
    this.#sizes.push(size)
    this.#bytes += size
    this.last = position
    while (this.#isTooMuch()) this.#dropFirst()
    this.#cut()
  }

  /** Drops what is past the retention. */
  trim(now: number): void {
    const oldest = positionAt(now - this.#retention.age)
    while (this.#isTooMuch() || this.#isTooOld(oldest)) this.#dropFirst()
    this.#cut()
  }

  #dropFirst(): void {
    this.#bytes -= this.#sizes[this.#first] ?? 0
    this.#first++
  }

  #cut(): void {
    if (this.#first > 32 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first)
      this.#sizes = this.#sizes.slice(this.#first)
      this.#first = 0
    }
  }

  /** What is kept after the cursor `after`. */
  read(after: Position, limit: PageLimit): Slice {
    const entries: Entry[] = []
    let bytes = 0
    let index = this.#indexAfter(after)
    for (; index < this.#entries.length; index++) {
      const entry = this.#entries[index]
      if (entry === undefined || entries.length >= limit.entries || bytes >= limit.bytes) break
      entries.push(entry)
      bytes += entry.data.length
    }
    return { entries, complete: index >= this.#entries.length, last: this.last }
  }

  #isTooMuch(): boolean {
    const { count, bytes } = this.#retention
    return this.size > count || (this.#bytes > bytes && this.size > 1)
  }

  #isTooOld(oldest: Position): boolean {
    const position = this.size > 0 ? this.#entries[this.#first]?.position : undefined
    return position != null && comparePositions(position, oldest) < 0
  }

  #indexAfter(after: Position): number {
    return firstIndex(this.#first, this.#entries.length, (index) => {
      const position = this.#entries[index]?.position
      return position != null && comparePositions(position, after) > 0
    })
  }
}
