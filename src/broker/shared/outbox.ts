import { endOfTurn } from '../../base/turn.ts'
import type { Link } from './link.ts'

/** Lines on their way to a link: those of one turn of the event loop go as one write. */
export class LineOutbox {
  readonly #link: Link
  #lines: string[] = []
  #size = 0
  #isClosed = false

  constructor(link: Link) {
    this.#link = link
    link.onClose(() => {
      this.#isClosed = true
      this.#lines = []
      this.#size = 0
    })
  }

  /** What waits here and in the link, in bytes or UTF-16 code units. */
  get waiting(): number {
    return this.#size + this.#link.buffered
  }

  push(line: string): void {
    if (this.#isClosed) return
    this.#size += line.length
    if (this.#lines.push(line) === 1) endOfTurn(() => this.flush())
  }

  flush(): void {
    if (this.#lines.length === 0) return
    const lines = this.#lines
    this.#lines = []
    this.#size = 0
    this.#link.send(lines)
  }
}
