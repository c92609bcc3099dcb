import { MillraceError } from '../base/errors.ts'
import { joinBytes } from '../hub/delivery.ts'

const lineFeed = 0x0a

/**
 * A body on its way in. Of one that passes its limit nothing is kept.
 *
 * It stays the bytes that came until it is read: as text, a body of many lines would be one long string that no message needs.
 */
export class IncomingBody {
  readonly #limit: number
  #chunks: Uint8Array[] = []
  #size = 0

  /** @param limit In bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** @throws {MillraceError} `body_too_large` */
  add(chunk: Uint8Array): void {
    this.#size += chunk.length
    if (this.#size > this.#limit) {
      this.#chunks = []
      throw bodyTooLarge(this.#limit)
    }
    this.#chunks.push(chunk)
  }

  /** The whole of it. @throws {MillraceError} `body_invalid` where it is not UTF-8 */
  text(): string {
    return decode(opening, this.#chunks)
  }

  /**
   * The same, in pieces that end where a line does: of about the size of what came at once, or of one line.
   *
   * @throws {MillraceError} `body_invalid` where it is not UTF-8
   */
  *pieces(): Generator<string> {
    let decoder = opening
    let parts: Uint8Array[] = []
    for (const chunk of this.#chunks) {
      // No character has a line feed in it, so none is cut there.
      const end = chunk.lastIndexOf(lineFeed) + 1
      if (end > 0) {
        yield decode(decoder, [...parts, chunk.subarray(0, end)])
        decoder = following
        parts = []
      }
      if (end < chunk.length) parts.push(chunk.subarray(end))
    }
    if (parts.length > 0) yield decode(decoder, parts)
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
