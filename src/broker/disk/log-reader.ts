import { Buffer } from 'node:buffer'
import type { Trace } from '../../base/trace.ts'
import { type Database, inTransaction, type Statement } from '../../sqlite/sqlite.ts'
import { type LogView, type Slice, toPage } from '../page.ts'
import type { Entry, Page, PageLimit, Position } from '../port.ts'
import { forgottenAt } from '../position.ts'
import { LogState } from './log-state.ts'
import { toPlace } from './place.ts'

interface EntryRow {
  readonly ms: number
  readonly seq: number
  readonly message: number
  readonly size: number
}

/** Reads the log, in the thread of the caller: what is read lately is in the memory of the system. */
export class LogReader {
  readonly #database: Database
  readonly #state: LogState
  readonly #horizon: number
  readonly #start: Position
  readonly #channel: Statement
  readonly #entries: Statement
  readonly #message: Statement

  constructor(database: Database, horizon: number) {
    this.#database = database
    this.#state = new LogState(database)
    this.#horizon = horizon
    this.#start = this.#state.start
    this.#channel = database.prepare('SELECT id, last, age FROM channels WHERE name = ?')
    this.#entries = database.prepare(
      'SELECT ms, seq, message, size FROM entries WHERE channel = ? AND (ms, seq) > (?, ?) AND ms >= ? ORDER BY ms, seq LIMIT ?',
    )
    this.#message = database.prepare('SELECT head, data FROM messages WHERE id = ?')
  }

  get head(): Position {
    return this.#state.head
  }

  read(cursor: Position, channels: readonly string[], limit: PageLimit, now: number): Page {
    // Shared among the channels, so that a page of many is not many pages.
    const share: PageLimit = {
      entries: Math.max(8, Math.ceil(limit.entries / channels.length)),
      bytes: Math.ceil(limit.bytes / channels.length),
    }
    // A transaction is one view of the log, whatever is committed meanwhile.
    return inTransaction(this.#database, 'DEFERRED', () => {
      const { head, timelines } = this.#state
      const start = this.#start
      const view: LogView = { start, head, timelines, forgotten: forgottenAt(now, this.#horizon, start) }
      return toPage(view, cursor, channels, limit, (channel, after) => this.#slice(channel, after, share, now))
    })
  }

  #slice(channel: string, after: Position, { entries: most, bytes }: PageLimit, now: number): Slice {
    const found = this.#channel.get(channel) as { id: number; last: Position; age: number } | undefined
    if (found === undefined) return { entries: [], complete: true, last: undefined }
    // What is past its age is not there, whether or not the sweep has come by.
    const rows = this.#entries.all(found.id, ...toPlace(after), now - found.age, most + 1) as EntryRow[]
    const entries: Entry[] = []
    let size = 0
    for (const row of rows) {
      if (entries.length >= most || size >= bytes) break
      entries.push(this.#entry(row))
      size += row.size
    }
    return { entries, complete: entries.length === rows.length, last: found.last }
  }

  #entry({ ms, seq, message }: EntryRow): Entry {
    const { head, data } = this.#message.get(message) as { readonly head: string; readonly data: string | Uint8Array }
    const [channels, prev, event, key, trace] = JSON.parse(head) as [
      channels: string[],
      prev: (Position | null)[],
      event: string | null,
      key: string | null,
      trace?: Trace,
    ]
    return {
      position: `${ms}-${seq}`,
      prev,
      channels,
      // Drivers end a text at its first NUL; and without one, text costs no buffer.
      data: typeof data === 'string' ? data : Buffer.from(data).toString(),
      event: event ?? undefined,
      key: key ?? undefined,
      trace,
    }
  }
}
