import { MillraceError } from '../base/errors.ts'
import { createLines } from './lines.ts'
import { createPieces } from './pieces.ts'

/** An event as a reader gets it. */
export interface ParsedEvent {
  /** The last event id when the event was dispatched: its own, or the one before it, or `''`. */
  readonly id: string
  /** `'message'` where the block gave no name. */
  readonly event: string
  /** Its lines joined by LF. */
  readonly data: string
  /** The channels of the message, by the `channel:` field; none where the block had no such field. */
  readonly channels: readonly string[]
}

/** What a parser calls, in the order of the stream. A handler MUST NOT throw or push: the rest of that text is lost. */
export interface ParserHandlers {
  onEvent?(event: ParsedEvent): void
  /** A block moved the last event id, with data or without; comes before the block's own event. `''` is a reset. */
  onId?(id: string): void
  /** Milliseconds, 0 or more and possibly huge: clamp before giving it to a timer. */
  onRetry?(ms: number): void
  /** The text after the colon, less one leading space. */
  onComment?(text: string): void
}

export interface ParserOptions {
  /**
   * The last event id that the reader came with.
   *
   * By the letter each stream starts from an empty one (9.2.6), and its first blank line would then wipe the cursor that
   * a reconnecting reader holds. Browsers carry it over; give it here to do as they do.
   *
   * @default ''
   */
  readonly lastEventId?: string
  /**
   * How long one event may grow, in UTF-16 code units: everything held of it, and the line being read. `Infinity` for
   * no limit. Past it the parser throws, because a hostile server could otherwise fill the memory.
   *
   * @default 16 Mi
   */
  readonly maxEventLength?: number
}

/** A reader of one stream. Give it text or bytes, cut anywhere; there is nothing to do at the end. */
export interface Parser {
  /** The last event id as of the latest blank line: the cursor to resume from. */
  readonly lastEventId: string
  /** @throws {MillraceError} `stream_invalid` when an event passes `maxEventLength`, and at every call thereafter. */
  push(text: string): void
  /** As {@link push}, from UTF-8; what is not UTF-8 becomes U+FFFD. Do not mix the two in one stream. */
  pushBytes(bytes: Uint8Array): void
}

export const defaultMaxEventLength = 16 * 1024 * 1024

const space = 0x20
const noChannels: readonly string[] = []

/**
 * A parser for one event stream, as the HTML standard has it (9.2.5 "Parsing an event stream", 9.2.6 "Interpreting an
 * event stream"), that reads one field more: `channel`, a comma-separated list. As with `event`, the last one of a block
 * counts.
 */
export function createParser(handlers: ParserHandlers, options: ParserOptions = {}): Parser {
  return new StreamParser(handlers, options)
}

class StreamParser implements Parser {
  readonly #handlers: ParserHandlers
  readonly #maxEventLength: number
  readonly #lines = createLines((line) => this.#readLine(line))
  #decoder: TextDecoder | undefined
  readonly #data = createPieces()
  /** Whether the standard's data buffer is other than empty: one `data` without a value is enough for that. */
  #hasData = false
  #event = ''
  #channel = ''
  #id: string
  #lastEventId: string
  #fault: MillraceError | undefined

  constructor(handlers: ParserHandlers, { lastEventId = '', maxEventLength = defaultMaxEventLength }: ParserOptions) {
    if (!(maxEventLength > 0)) {
      throw new MillraceError(
        'option_invalid',
        `maxEventLength is ${maxEventLength}. Give a number above 0, or Infinity.`,
      )
    }
    this.#handlers = handlers
    this.#maxEventLength = maxEventLength
    this.#id = lastEventId
    this.#lastEventId = lastEventId
  }

  get lastEventId(): string {
    return this.#lastEventId
  }

  pushBytes(bytes: Uint8Array): void {
    // The mark is left in for `push` to strip, so that it is stripped once whichever way the stream comes in.
    this.#decoder ??= new TextDecoder('utf-8', { ignoreBOM: true })
    this.push(this.#decoder.decode(bytes, { stream: true }))
  }

  push(text: string): void {
    if (this.#fault !== undefined) throw this.#fault
    this.#lines.push(text)
    this.#assertRoom(this.#lines.pendingLength)
  }

  #readLine(line: string): void {
    if (line === '') {
      this.#dispatch()
      return
    }
    this.#assertRoom(line.length)
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line.charCodeAt(colon + 1) === space ? colon + 2 : colon + 1)
    if (colon === 0) this.#handlers.onComment?.(value)
    else this.#readField(name, value)
  }

  #readField(name: string, value: string): void {
    switch (name) {
      case 'data':
        this.#data.add(this.#hasData ? `\n${value}` : value)
        this.#hasData = true
        break
      case 'event':
        this.#event = value
        break
      case 'channel':
        this.#channel = value
        break
      case 'id':
        if (!value.includes('\0')) this.#id = value
        break
      case 'retry':
        // Takes effect at once, not at the blank line. Digits without end would come out as Infinity.
        if (/^[0-9]+$/.test(value)) this.#handlers.onRetry?.(Math.min(Number(value), Number.MAX_SAFE_INTEGER))
        break
    }
  }

  /** "Dispatch the event" (9.2.6): the id moves first, and moves even where no event is fired. */
  #dispatch(): void {
    const id = this.#id
    const event = this.#event
    const channel = this.#channel
    const data = this.#hasData ? this.#data.take() : undefined
    this.#event = ''
    this.#channel = ''
    this.#hasData = false
    if (id !== this.#lastEventId) {
      this.#lastEventId = id
      this.#handlers.onId?.(id)
    }
    if (data === undefined) return
    this.#handlers.onEvent?.({ id, event: event === '' ? 'message' : event, data, channels: toChannels(channel) })
  }

  #assertRoom(lineLength: number): void {
    const held = this.#data.length + this.#event.length + this.#channel.length + this.#id.length
    if (held + lineLength <= this.#maxEventLength) return
    this.#data.take()
    this.#fault = new MillraceError(
      'stream_invalid',
      `An event of the stream is longer than ${this.#maxEventLength} characters. ` +
        'Close the stream; raise maxEventLength if the server is meant to send events of that length.',
      { data: { maxEventLength: this.#maxEventLength } },
    )
    throw this.#fault
  }
}

function toChannels(list: string): readonly string[] {
  return list === '' ? noChannels : list.split(',').filter((name) => name !== '')
}
