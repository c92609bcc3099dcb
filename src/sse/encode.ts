import { MillraceError, quote } from '../base/errors.ts'

/** What one block of the stream carries to a handler. */
export interface EventFields {
  /** Becomes the reader's last event id; left out, the reader keeps the one it has. `''` resets it. */
  readonly id?: string | undefined
  /** Left out, the event reaches `onmessage`. */
  readonly event?: string | undefined
  /** The channels of the message. Browsers ignore the field; our client routes by it. */
  readonly channel?: string | readonly string[] | undefined
  /** Any text at all. CR and CRLF arrive as LF, because a line end is all that the format can say. */
  readonly data: string
}

/** The fields whose value stands on one line, and `key`, which is refused alike so that it can stand on one later. */
export type FieldName = 'id' | 'event' | 'channel' | 'key'

/** The three ways in which a line can end (HTML standard, 9.2.6 "Interpreting an event stream"). */
const lineEnd = /\r\n|\r|\n/

const refused: Readonly<Record<string, { readonly name: string; readonly reason: string }>> = {
  '\r': {
    name: 'a carriage return (U+000D)',
    reason: 'It ends the line, and what follows it would be read as fields and events of its own.',
  },
  '\n': {
    name: 'a line feed (U+000A)',
    reason: 'It ends the line, and what follows it would be read as fields and events of its own.',
  },
  '\0': {
    name: 'a null (U+0000)',
    reason: 'Readers of an event stream ignore an id that holds one, and would resume from an older place.',
  },
  ',': {
    name: 'a comma (U+002C)',
    reason: 'It separates channels, and one channel would be read as two.',
  },
}

/** With the `u` flag, `\p{Cs}` matches only surrogates that stand alone. */
const halfPair = {
  name: 'half of a surrogate pair',
  reason: 'It is no character, UTF-8 cannot say it, and readers would get another text than was sent.',
}

/**
 * Refuses a value that could not stand on one line of the stream.
 *
 * The threat is injection: whoever chooses an id, an event name or a channel would otherwise write fields and whole
 * events into the stream of every subscriber. Call this where the value comes in; `encode*` does not look again,
 * because a message is checked once and framed for many.
 *
 * A channel may not hold a comma either, because a list of channels is joined by commas.
 *
 * @throws {MillraceError} `field_invalid` with `data.field`, `data.index` and `data.codePoint`.
 */
export function assertField(name: FieldName, value: string): void {
  const index = value.search(name === 'channel' ? /[\r\n\0,\p{Cs}]/u : /[\r\n\0\p{Cs}]/u)
  if (index < 0) return
  const found = refused[value.charAt(index)] ?? halfPair
  throw new MillraceError(
    'field_invalid',
    `The ${name} ${quote(value)} holds ${found.name} at index ${index}. ${found.reason} ` +
      `Remove it, or encode the value (encodeURIComponent will do).`,
    { data: { field: name, index, codePoint: value.charCodeAt(index) } },
  )
}

/**
 * One block that fires exactly one event, whatever the data (HTML standard, 9.2.5 "Parsing an event stream").
 *
 * Each line of the data has a `data:` of its own. There is always one space after the colon, so data that begins with
 * a space keeps it: a reader strips one and no more.
 *
 * `id`, `event` and `channel` MUST have passed {@link assertField}.
 */
export function encodeEvent({ id, event, channel, data }: EventFields): string {
  let head = ''
  if (id !== undefined) head += `id: ${id}\n`
  if (event !== undefined) head += `event: ${event}\n`
  if (channel !== undefined && channel.length > 0) {
    head += `channel: ${typeof channel === 'string' ? channel : channel.join(',')}\n`
  }
  return `${head}${encodeLines('data: ', data)}\n`
}

/**
 * A block with an id alone: it moves the reader's last event id and fires nothing, because its data buffer is empty
 * (HTML standard, 9.2.6, "dispatch the event", steps 1 and 2).
 *
 * `id` MUST have passed {@link assertField}.
 */
export function encodeId(id: string): string {
  return `id: ${id}\n\n`
}

/**
 * How long the reader waits before it connects again, as a block of its own.
 *
 * @param ms Whole milliseconds, 0 or more.
 * @throws {MillraceError} `field_invalid` for anything else: a reader ignores what is not ASCII digits alone.
 */
export function encodeRetry(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0) {
    throw new MillraceError(
      'field_invalid',
      `The retry ${quote(ms)} is not a whole number of milliseconds, 0 or more. Round it: readers ignore anything else.`,
      { data: { field: 'retry' } },
    )
  }
  return `retry: ${ms}\n\n`
}

/**
 * The first block of a stream: how long to wait before connecting again, and where the reader stands. It fires nothing.
 *
 * @param id MUST have passed {@link assertField}; left out where it is not known yet.
 * @param retry Whole milliseconds, 0 or more.
 */
export function encodeOpening(id: string | undefined, retry: number): string {
  const block = encodeRetry(retry)
  return id === undefined ? block : `${block.slice(0, -1)}${encodeId(id)}`
}

/** A block that readers ignore, and that keeps proxies from closing a quiet stream (9.2.7 "Authoring notes"). */
export function encodeComment(text = ''): string {
  return text === '' ? ':\n\n' : `${encodeLines(': ', text)}\n`
}

function encodeLines(prefix: string, text: string): string {
  // Nearly all data is JSON, which has no line ends; two searches cost less than one split.
  if (!text.includes('\n') && !text.includes('\r')) return `${prefix}${text}\n`
  return `${prefix}${text.split(lineEnd).join(`\n${prefix}`)}\n`
}
