import { FreePages } from '../../sqlite/free-pages.ts'
import { type Database, inTransaction, type Statement } from '../../sqlite/sqlite.ts'
import type { Position } from '../port.ts'
import { forgottenAt } from '../position.ts'
import { isEphemeral } from '../retention.ts'
import { maxTimelines, newTag, nextPosition, type Timeline } from '../timeline.ts'
import { ChannelRecords } from './channel-records.ts'
import { LogState } from './log-state.ts'
import type { Unpacked } from './parcel.ts'
import { toPlace } from './place.ts'
import type { Appended } from './writer-messages.ts'

/** How much one step of a sweep does, so that appends do not wait for it. */
const sweepEntries = 500
const sweepChannels = 100
const sweepIds = 1_000

/** When about so many bytes have been written ahead, they are put in their place. */
const checkpointBytes = 4 * 1024 * 1024

/** What a commit writes at least: a page of each table and index. */
const commitBytes = 48 * 1024

/** The one that writes the log. It runs in a thread of its own, as every call waits for the disk. */
export class LogWriter {
  readonly #database: Database
  readonly #state: LogState
  readonly #records: ChannelRecords
  readonly #horizon: number
  readonly #idWindow: number
  readonly #start: Position
  #head: Position
  #timelines: readonly Timeline[]
  /** An estimate: SQLite tells only who asks it to checkpoint. */
  #aheadBytes = 0
  /** Of this opening of the log, once it has written. */
  #tag: number | undefined

  readonly #addText: Statement
  readonly #addBlob: Statement
  readonly #addEntry: Statement
  readonly #addShared: Statement
  readonly #findId: Statement
  readonly #addId: Statement
  readonly #forgetIds: Statement
  readonly #freePages: FreePages

  constructor(database: Database, { horizon, idWindow }: { readonly horizon: number; readonly idWindow: number }) {
    this.#database = database
    this.#horizon = horizon
    this.#idWindow = idWindow
    this.#state = new LogState(database)
    this.#records = new ChannelRecords(database, horizon)
    this.#start = this.#state.start
    this.#head = this.#state.head
    this.#timelines = this.#state.timelines
    // The same bytes, without a text in the heap of this thread. Where there is a NUL in it they stay a blob: see the schema.
    // Node 22 binds no bytes as NULL.
    this.#addText = database.prepare("INSERT INTO messages (head, data) VALUES (?, ifnull(CAST(? AS TEXT), ''))")
    this.#addBlob = database.prepare('INSERT INTO messages (head, data) VALUES (?, ?)')
    this.#addEntry = database.prepare(
      'INSERT INTO entries (channel, ms, seq, message, size, shared) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#addShared = database.prepare('INSERT INTO shared (message, refs) VALUES (?, ?)')
    this.#findId = database.prepare('SELECT position FROM ids WHERE id = ? AND until > ?')
    this.#addId = database.prepare('INSERT OR REPLACE INTO ids (id, position, until) VALUES (?, ?, ?)')
    this.#forgetIds = database.prepare(
      'DELETE FROM ids WHERE id IN (SELECT id FROM ids WHERE until <= ? ORDER BY until LIMIT ?) RETURNING 1',
    )
    this.#freePages = new FreePages(database)
  }

  /** The position of the last message that is on disk. */
  get head(): Position {
    return this.#head
  }

  /** Appends all of them or none, in one transaction. When it returns they are on disk. */
  append(messages: readonly Unpacked[], now: number): Appended[] {
    const before = { head: this.#head, timelines: this.#timelines, tag: this.#tag }
    try {
      return inTransaction(this.#database, 'IMMEDIATE', () => {
        const appended = messages.map((message) => this.#appendOne(message, now))
        this.#records.flush()
        if (this.#head !== before.head) this.#state.head = this.#head
        if (this.#timelines !== before.timelines) this.#state.timelines = this.#timelines
        this.#aheadBytes += commitBytes
        return appended
      })
    } catch (error) {
      this.#head = before.head
      this.#timelines = before.timelines
      this.#tag = before.tag
      this.#records.reset()
      throw error
    }
  }

  /**
   * Drops what is past its age, forgets channels and ids that are past their time, and gives room back: a step of it.
   *
   * @returns whether there is more to do
   */
  sweep(now: number): boolean {
    try {
      return inTransaction(this.#database, 'IMMEDIATE', () => {
        const ids = this.#forgetIds.all(now, sweepIds).length
        const records = this.#records.due(now, sweepChannels)
        let left = sweepEntries
        for (const record of records) {
          left -= this.#records.trim(record, now, left)
          this.#records.forgetIfPast(record, now)
          if (left <= 0) break
        }
        this.#records.flush()
        const pages = this.#freePages.giveBack()
        return ids === sweepIds || left <= 0 || records.length === sweepChannels || pages
      })
    } catch (error) {
      this.#records.reset()
      throw error
    }
  }

  /**
   * Puts what was written ahead in its place, where it has become much. To be called when who waits for a commit has been told, as it
   * takes some flushes of its own; SQLite does it at the end of a commit. Should it fail, as on a full disk, all stays where it is.
   */
  checkpointIfDue(): void {
    if (this.#aheadBytes < checkpointBytes) return
    this.#aheadBytes = 0
    this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)')
  }

  #appendOne(message: Unpacked, now: number): Appended {
    const { id } = message
    const known = id === undefined ? undefined : this.#findId.get(id, now)
    if (known !== undefined) return { position: (known as { position: Position | null }).position, prev: undefined }
    const forgotten = forgottenAt(now, this.#horizon, this.#start)
    const prev = message.channels.map((channel, index) => {
      const kept = message.retention[index]
      return kept === undefined || isEphemeral(kept) ? null : (this.#records.find(channel)?.last ?? forgotten)
    })
    const keepers = prev.filter((before) => before !== null).length
    const position = keepers === 0 ? null : this.#nextPosition(now)
    if (position !== null) this.#keep(message, position, prev, keepers, now)
    if (id !== undefined) this.#addId.run(id, position, now + this.#idWindow)
    return { position, prev }
  }

  #keep(
    { channels, data, event, key, trace, retention }: Unpacked,
    position: Position,
    prev: readonly (Position | null)[],
    keepers: number,
    now: number,
  ): void {
    const size = data.length
    const head: unknown[] = [channels, prev, event ?? null, key ?? null]
    // Only where there is one: most messages have none, and each byte of this is kept with each message.
    if (trace !== undefined) head.push(trace)
    const add = data.includes(0) ? this.#addBlob : this.#addText
    const message = Number(add.run(JSON.stringify(head), data).lastInsertRowid)
    this.#aheadBytes += size
    if (keepers > 1) this.#addShared.run(message, keepers)
    const [ms, seq] = toPlace(position)
    for (const [index, channel] of channels.entries()) {
      const before = prev[index]
      const kept = retention[index]
      if (before == null || kept === undefined) continue
      const record = this.#records.find(channel) ?? this.#records.create(channel, before, kept.age)
      this.#addEntry.run(record.id, ms, seq, message, size, keepers > 1 ? 1 : 0)
      this.#records.append(record, position, size, kept, now)
    }
  }

  #nextPosition(now: number): Position {
    this.#tag ??= this.#beginTimeline(now)
    this.#head = nextPosition(this.#head, now, this.#tag)
    return this.#head
  }

  /** What a crash or a restored backup has taken from the end of the log is on the timeline before, and is known by that. */
  #beginTimeline(now: number): number {
    const tag = newTag(this.#timelines)
    const begin = nextPosition(this.#head, now, tag)
    this.#timelines = [...this.#timelines, { tag, begin, parent: this.#head }].slice(-maxTimelines)
    return tag
  }
}
