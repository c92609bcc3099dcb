import { createParser, type ParsedEvent, type Parser, type ParserOptions } from '../../../src/sse/parse.ts'

/** One thing that a stream told its reader. */
export type Told =
  | readonly ['event', ParsedEvent]
  | readonly ['id', string]
  | readonly ['retry', number]
  | readonly ['comment', string]

/** A parser, and all that it has told so far, in order. */
export function createRecord(options?: ParserOptions): { readonly parser: Parser; readonly told: Told[] } {
  const told: Told[] = []
  const parser = createParser(
    {
      onEvent: (event) => void told.push(['event', event]),
      onId: (id) => void told.push(['id', id]),
      onRetry: (ms) => void told.push(['retry', ms]),
      onComment: (text) => void told.push(['comment', text]),
    },
    options,
  )
  return { parser, told }
}

/** All that a stream tells, given in these chunks. */
export function read(...chunks: readonly string[]): Told[] {
  const { parser, told } = createRecord()
  for (const chunk of chunks) parser.push(chunk)
  return told
}

/** As {@link read}, from bytes. */
export function readBytes(...chunks: readonly Uint8Array[]): Told[] {
  const { parser, told } = createRecord()
  for (const chunk of chunks) parser.pushBytes(chunk)
  return told
}

/** The events alone. */
export function readEvents(...chunks: readonly string[]): ParsedEvent[] {
  return read(...chunks).flatMap((one) => (one[0] === 'event' ? [one[1]] : []))
}

/** The data of the events alone. */
export function readData(...chunks: readonly string[]): string[] {
  return readEvents(...chunks).map((event) => event.data)
}
