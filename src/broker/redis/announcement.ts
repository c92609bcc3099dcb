import type { Entry, Position } from '../port.ts'

/** The first line of an announcement; `script.ts` writes it. */
interface Header {
  readonly p?: Position | null
  readonly c: readonly string[]
  readonly v: readonly (Position | null)[]
  readonly e?: string
  readonly k?: string
}

/** @throws {SyntaxError} for what the script did not write */
export function parseAnnouncement(text: string): Entry {
  const end = text.indexOf('\n')
  const { p, c, v, e, k }: Header = JSON.parse(text.slice(0, end))
  return { position: p ?? null, prev: v, channels: c, data: text.slice(end + 1), event: e, key: k }
}

/** What another program has published by itself, on one channel: nobody keeps it. */
export function toRelayed(channel: string, data: string): Entry {
  return { position: null, prev: [null], channels: [channel], data }
}
