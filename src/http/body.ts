import { joinBytes } from '../base/bytes.ts'
import { MillraceError } from '../base/errors.ts'

const lineFeed = 0x0a

/** A body on its way in. Of one that is refused nothing is kept. */
export interface IncomingBody {
  /** @throws {MillraceError} `body_too_large`, or why what came so far is refused */
  add(chunk: Uint8Array): void
  /** What the whole of it is. @throws {MillraceError} */
  end(): unknown
}

/**
 * A body that is one text. It stays the bytes that came until it has ended.
 *
 * @param limit In bytes.
 * @param read What it is. `add` and `end` throw what this does, and `body_invalid` where it is not UTF-8.
 */
export function incomingText(limit: number, read: (text: string) => unknown): IncomingBody {
  const chunks: Uint8Array[] = []
  const count = counter(limit)
  return {
    add(chunk) {
      count(chunk)
      chunks.push(chunk)
    },
    end: () => read(decode(opening, chunks)),
  }
}

/**
 * A body of lines, read as they come: neither the bytes nor the text of it are ever in memory as a whole.
 *
 * @param limit In bytes.
 * @param read Called with one or several whole lines at a time.
 * @param end What the body is, when all lines were read.
 */
export function incomingLines(limit: number, read: (lines: string) => void, end: () => unknown): IncomingBody {
  const count = counter(limit)
  let decoder = opening
  /** Of a line that has not ended. */
  let parts: Uint8Array[] = []
  const pass = (last: Uint8Array) => {
    parts.push(last)
    const text = decode(decoder, parts)
    decoder = following
    parts = []
    read(text)
  }
  return {
    add(chunk) {
      count(chunk)
      // No character has a line feed in it, so none is cut there.
      const first = parts.length === 0 ? 0 : chunk.indexOf(lineFeed) + 1
      if (first > 0) pass(chunk.subarray(0, first))
      // Most of a chunk is read where it lies; only the line that two chunks share is put together.
      const end = chunk.lastIndexOf(lineFeed) + 1
      if (end > first) pass(chunk.subarray(first, end))
      if (end < chunk.length) parts.push(chunk.subarray(end))
    },
    end() {
      if (parts.length > 0) read(decode(decoder, parts))
      return end()
    },
  }
}

/** Counts what has come. */
function counter(limit: number): (chunk: Uint8Array) => void {
  let size = 0
  return (chunk) => {
    size += chunk.length
    if (size > limit) throw bodyTooLarge(limit)
  }
}

export function bodyTooLarge(limit: number): MillraceError {
  return new MillraceError('body_too_large', `The body has more than ${limit} bytes. Send less at a time.`, {
    data: { limit },
  })
}

/** For a body whose sender went away in the middle of it. Nobody may be there to be told. */
export function bodyCutOff(cause?: unknown): MillraceError {
  return new MillraceError('body_invalid', 'The body ended before it was whole. Send it again.', { cause })
}

/** Fatal: what is not UTF-8 would otherwise be published with other characters than were sent. */
const opening = new TextDecoder('utf-8', { fatal: true })

/** A byte order mark is one only at the beginning. */
const following = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** At once, and not chunk by chunk: that is slower in Node, and a text of ASCII takes up two bytes for each character then. */
function decode(decoder: TextDecoder, parts: readonly Uint8Array[]): string {
  try {
    return decoder.decode(joinBytes(parts))
  } catch (cause) {
    throw new MillraceError('body_invalid', 'The body is not UTF-8. Send it so, and without a Content-Encoding.', {
      cause,
    })
  }
}
