import { MillraceError } from '../base/errors.ts'

/** A body on its way in. Of one that passes its limit nothing is kept. */
export interface IncomingBody {
  /** @throws {MillraceError} `body_too_large` */
  add(chunk: Uint8Array): void
  /** The whole of it. @throws {MillraceError} `body_invalid` where it is not UTF-8 */
  text(): string
}

/** @param limit In bytes. */
export function createIncomingBody(limit: number): IncomingBody {
  // Fatal: what is not UTF-8 would otherwise be published with other characters than were sent.
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let size = 0
  let text = ''
  return {
    add(chunk) {
      size += chunk.length
      if (size > limit) {
        text = ''
        throw bodyTooLarge(limit)
      }
      text += decode(() => decoder.decode(chunk, { stream: true }))
    },
    text: () => text + decode(() => decoder.decode()),
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

function decode(run: () => string): string {
  try {
    return run()
  } catch (cause) {
    throw new MillraceError('body_invalid', 'The body is not UTF-8. Send it so, and without a Content-Encoding.', {
      cause,
    })
  }
}
