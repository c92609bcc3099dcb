import { createPieces } from './pieces.ts'

/** Cuts a stream of text into lines, however the text comes in. */
export interface Lines {
  /** How much is held of a line whose end has not come. */
  readonly pendingLength: number
  push(text: string): void
}

const byteOrderMark = 0xfeff
const lineFeed = 0x0a

/**
 * Lines as an event stream ends them: by CR, LF or CRLF, mixed at will, after one byte order mark at most (HTML standard,
 * 9.2.5 "Parsing an event stream").
 *
 * A CR ends its line at once, and a LF that follows it is passed over even in a later chunk: to wait and see would keep
 * back the last event of a server that ends its lines with CR.
 */
export function createLines(onLine: (line: string) => void): Lines {
  return new LineCutter(onLine)
}

class LineCutter implements Lines {
  readonly #onLine: (line: string) => void
  /** The beginning of a line whose end has not come. It is not searched again: a long line would cost its square. */
  readonly #pending = createPieces()
  #started = false
  #afterCarriageReturn = false
  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  get pendingLength(): number {
    return this.#pending.length
  }

  push(text: string): void {
    if (text === '') return
    let start = this.#skip(text)
    // Both ends are looked up ahead and renewed only once passed, so that no text is searched twice for the same one.
    let carriageReturn = find(text, '\r', start)
    let newLine = find(text, '\n', start)
    for (;;) {
      const end = Math.min(carriageReturn, newLine)
      if (end === text.length) break
      const tail = text.slice(start, end)
      const line = this.#pending.length === 0 ? tail : this.#pending.take() + tail
      start = end + 1
      if (end === carriageReturn) {
        this.#afterCarriageReturn = start === text.length
        if (newLine === start && start < text.length) start += 1
        carriageReturn = find(text, '\r', start)
      }
      if (newLine < start) newLine = find(text, '\n', start)
      this.#onLine(line)
    }
    if (start < text.length) this.#pending.add(text.slice(start))
  }

  /** How much of a chunk's beginning is no part of a line: a mark before the stream, or the second half of a CRLF. */
  #skip(text: string): number {
    const first = text.charCodeAt(0)
    const skipped = this.#started ? this.#afterCarriageReturn && first === lineFeed : first === byteOrderMark
    this.#started = true
    this.#afterCarriageReturn = false
    return skipped ? 1 : 0
  }
}

/** Where the character is, or the end of the text, so that the nearer of two is their minimum. */
function find(text: string, character: string, from: number): number {
  const index = text.indexOf(character, from)
  return index < 0 ? text.length : index
}
