import type { Buffer } from 'node:buffer'
import type { IncomingBody } from '../http/body.ts'
import type { HttpRequest } from '../http/exchange.ts'

/** How large a plain request may be, in bytes, and how many fields it may have. Browsers send less than 1 KB, and 20. */
const largest = 8 * 1024
const mostFields = 64

const opening = 'GET /sse'
const version = ' HTTP/1.1\r\n'

const space = 0x20
const carriageReturn = 0x0d
const lineFeed = 0x0a
const colon = 0x3a
const questionMark = 0x3f

/** What a byte may be part of, as bits of {@link kinds}. */
const ofTarget = 1
const ofName = 2
const ofValue = 4
const ofHost = 8
const kinds = kindsOfBytes()

/** Fields that say how a message is framed, or what becomes of its connection (RFC 9110, RFC 9112). No plain request has one. */
const unusual = /^(?:te|trailer|expect|upgrade|keep-alive|http2-settings|(?:content|transfer|proxy|sec-websocket)-.*)$/

/**
 * A `GET /sse` as nearly every client sends it: a request line, fields of which none is out of the ordinary, and nothing else.
 *
 * It reads the bytes where they lie, and what it is asked for becomes a string of its own. A slice of a larger string would keep all of
 * that in memory, for as long as a channel of that name is followed.
 */
export class PlainRequest implements HttpRequest {
  readonly method = 'GET'
  readonly raw = undefined
  readonly #bytes: Buffer
  readonly #targetEnd: number
  readonly #fields: Fields

  private constructor(bytes: Buffer, targetEnd: number, fields: Fields) {
    this.#bytes = bytes
    this.#targetEnd = targetEnd
    this.#fields = fields
  }

  /**
   * What the bytes are, from the first to the last; undefined where that is not a plain request, but something for a parser that knows
   * everything.
   *
   * The threat is a request that means one thing here and another to a proxy that has passed it on (RFC 9112, 11.2 "Request Smuggling").
   * So nothing is mended or passed over: what is taken can be read in one way only.
   */
  static from(bytes: Buffer): PlainRequest | undefined {
    if (bytes.length > largest || !hasAt(bytes, 0, opening)) return undefined
    const pathEnd = opening.length
    const targetEnd = bytes[pathEnd] === questionMark ? skip(bytes, pathEnd, ofTarget) : pathEnd
    if (!hasAt(bytes, targetEnd, version)) return undefined
    const fields = readFields(bytes, targetEnd + version.length)
    return fields === undefined || !arePlain(bytes, fields) ? undefined : new PlainRequest(bytes, targetEnd, fields)
  }

  get url(): string {
    return this.#bytes.toString('latin1', 'GET '.length, this.#targetEnd)
  }

  get host(): string | undefined {
    return this.header('host')
  }

  header(name: string): string | undefined {
    const found = this.#fields.find((field) => field.name === name)
    return found === undefined ? undefined : this.#bytes.toString('latin1', found.start, found.end)
  }

  /** There is none. */
  async read(body: IncomingBody): Promise<unknown> {
    return body.end()
  }
}

interface Field {
  /** In lower case. */
  readonly name: string
  /** Where its value begins and ends, in bytes. */
  readonly start: number
  readonly end: number
}

type Fields = readonly Field[]

/** The fields up to the empty line, which must be the end of it all; undefined where one is not written plainly. */
function readFields(bytes: Buffer, first: number): Fields | undefined {
  const fields: Field[] = []
  let line = first
  while (bytes[line] !== carriageReturn) {
    const nameEnd = skip(bytes, line, ofName)
    if (nameEnd === line || bytes[nameEnd] !== colon || fields.length === mostFields) return undefined
    const lineEnd = skip(bytes, nameEnd + 1, ofValue)
    if (bytes[lineEnd] !== carriageReturn || bytes[lineEnd + 1] !== lineFeed) return undefined
    let start = nameEnd + 1
    while (bytes[start] === space) start++
    let end = lineEnd
    while (end > start && bytes[end - 1] === space) end--
    fields.push({ name: bytes.toString('latin1', line, nameEnd).toLowerCase(), start, end })
    line = lineEnd + 2
  }
  return bytes[line + 1] === lineFeed && line + 2 === bytes.length ? fields : undefined
}

/** Whether none of them is unusual and none is there twice, and one says for which host the request is. */
function arePlain(bytes: Buffer, fields: Fields): boolean {
  const names = new Set<string>()
  for (const { name, start, end } of fields) {
    if (unusual.test(name)) return false
    names.add(name)
    if (name === 'connection' && !/^(?:keep-alive|close)$/i.test(bytes.toString('latin1', start, end))) return false
    if (name === 'host' && (start === end || skip(bytes, start, ofHost) < end)) return false
  }
  return names.size === fields.length && names.has('host')
}

function hasAt(bytes: Buffer, start: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (bytes[start + at] !== text.charCodeAt(at)) return false
  return true
}

/** The first place from `start` on whose byte is not of that kind, as none is past the end. */
function skip(bytes: Buffer, start: number, kind: number): number {
  let at = start
  while (((kinds[bytes[at] ?? 0] ?? 0) & kind) !== 0) at++
  return at
}

function kindsOfBytes(): Uint8Array {
  const kinds = new Uint8Array(256)
  const letters = 'abcdefghijklmnopqrstuvwxyz'
  const alphanumeric = `0123456789${letters}${letters.toUpperCase()}`
  const add = (kind: number, characters: string) => {
    for (const character of characters) kinds[character.charCodeAt(0)] = (kinds[character.charCodeAt(0)] ?? 0) | kind
  }
  // Without what no URL may have as it stands (RFC 3986, 2), and without the fragment, which no request may have.
  add(ofTarget, `${alphanumeric}-._~:/?[]@!$&'()*+,;=%`)
  add(ofName, `${alphanumeric}!#$%&'*+-.^_\`|~`)
  add(ofHost, `${alphanumeric}-._:[]`)
  // What can be printed: no tab, which is white space to some, and nothing that is not ASCII.
  for (let code = 0x20; code < 0x7f; code++) kinds[code] = (kinds[code] ?? 0) | ofValue
  return kinds
}
