import { createParser, type ParsedEvent, type ParserHandlers, type ParserOptions } from './parse.ts'

/** What a reader of a whole stream may want besides its events. */
export interface EventsOptions extends ParserOptions, Omit<ParserHandlers, 'onEvent'> {}

/**
 * The events of a response's body, one by one, until it ends.
 *
 * Leaving the loop cancels the body, and so closes the connection. A read that waits is not ended by that: abort the
 * request that the body came from.
 *
 * @throws {MillraceError} `stream_invalid` when an event passes `maxEventLength`; else whatever the body fails with.
 */
export async function* events(
  body: ReadableStream<Uint8Array>,
  options: EventsOptions = {},
): AsyncGenerator<ParsedEvent, void, void> {
  const arrived: ParsedEvent[] = []
  const parser = createParser({ ...options, onEvent: (event) => void arrived.push(event) }, options)
  // Not `for await`: Safari's streams could not be iterated until lately.
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      try {
        parser.pushBytes(value)
      } finally {
        // Events that came whole before a fault are handed over before it is.
        yield* arrived.splice(0)
      }
    }
  } finally {
    // A failed body refuses to be cancelled with the error that `read` has thrown already.
    await reader.cancel().catch(() => undefined)
    reader.releaseLock()
  }
}
