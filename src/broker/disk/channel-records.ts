import type { Database, Statement } from '../../sqlite/sqlite.ts'
import type { Position } from '../port.ts'
import type { Retention } from '../retention.ts'
import { toPlace } from './place.ts'

/** What the log knows of a channel, beside its entries. */
export interface ChannelRecord {
  readonly id: number
  readonly name: string
  /** The last position there has been, whether or not its entry is still kept. */
  last: Position
  /** What is kept: messages, and bytes of their data. */
  count: number
  bytes: number
  /** Of the latest message's retention, in ms. */
  age: number
  /** When the sweep has to look at it, or earlier, in ms: its oldest entry is past its age, or it is to be forgotten. */
  due: number
}

interface EntryRow {
  readonly ms: number
  readonly seq: number
  readonly message: number
  readonly size: number
  readonly shared: number
}

/** A trim looks at so many entries at a time. */
const trimStep = 100

/** An append drops at most so many, which matters after a retention was made much shorter: the next ones drop the rest. */
const mostAtAppend = 10_000

/** The channels' records and entries, as the writer changes them. Every call is inside of a transaction. */
export class ChannelRecords {
  readonly #horizon: number
  readonly #find: Statement
  readonly #due: Statement
  readonly #create: Statement
  readonly #update: Statement
  readonly #forget: Statement
  readonly #oldest: Statement
  readonly #removeEntry: Statement
  readonly #removeMessage: Statement
  readonly #release: Statement
  readonly #removeShared: Statement
  /** Those that this transaction has touched, so that each is read and written once. */
  readonly #touched = new Map<string, ChannelRecord>()

  constructor(database: Database, horizon: number) {
    this.#horizon = horizon
    this.#find = database.prepare('SELECT * FROM channels WHERE name = ?')
    this.#due = database.prepare('SELECT * FROM channels WHERE due < ? ORDER BY due LIMIT ?')
    this.#create = database.prepare(
      'INSERT INTO channels (name, last, count, bytes, age, due) VALUES (?, ?, 0, 0, ?, ?)',
    )
    this.#update = database.prepare('UPDATE channels SET last = ?, count = ?, bytes = ?, age = ?, due = ? WHERE id = ?')
    this.#forget = database.prepare('DELETE FROM channels WHERE id = ?')
    this.#oldest = database.prepare(
      'SELECT ms, seq, message, size, shared FROM entries WHERE channel = ? ORDER BY ms, seq LIMIT ?',
    )
    this.#removeEntry = database.prepare('DELETE FROM entries WHERE channel = ? AND ms = ? AND seq = ?')
    this.#removeMessage = database.prepare('DELETE FROM messages WHERE id = ?')
    this.#release = database.prepare('UPDATE shared SET refs = refs - 1 WHERE message = ? RETURNING refs')
    this.#removeShared = database.prepare('DELETE FROM shared WHERE message = ?')
  }

  find(name: string): ChannelRecord | undefined {
    const touched = this.#touched.get(name)
    if (touched !== undefined) return touched
    const row = this.#find.get(name) as ChannelRecord | undefined
    // A copy, because a row is not an ordinary object.
    return row === undefined ? undefined : this.#touch({ ...row })
  }

  /** Where there is none yet. `last` is where it may have been forgotten. */
  create(name: string, last: Position, age: number): ChannelRecord {
    const due = Number.MAX_SAFE_INTEGER
    const id = Number(this.#create.run(name, last, age, due).lastInsertRowid)
    return this.#touch({ id, name, last, count: 0, bytes: 0, age, due })
  }

  /** Counts a message that was just appended, and drops what is past the retention. */
  append(record: ChannelRecord, position: Position, size: number, retention: Retention, now: number): void {
    const [ms] = toPlace(position)
    // An earlier look is harmless. A shorter age makes the entries that are there due by as much sooner.
    const due = record.count === 0 ? ms + retention.age : record.due - Math.max(0, record.age - retention.age)
    record.last = position
    record.count++
    record.bytes += size
    record.age = retention.age
    record.due = Math.min(due, Number.MAX_SAFE_INTEGER)
    this.trim(record, now, mostAtAppend, retention)
  }

  /**
   * Drops what is past the age of the channel, and past the count and bytes where they are given, `most` entries at most.
   *
   * @returns how many it has dropped
   */
  trim(record: ChannelRecord, now: number, most: number, kept?: Pick<Retention, 'count' | 'bytes'>): number {
    const isOver = () =>
      kept !== undefined && (record.count > kept.count || (record.bytes > kept.bytes && record.count > 1))
    let dropped = 0
    while (dropped < most && (isOver() || record.due < now)) {
      const wanted = record.due < now ? trimStep : Math.min(trimStep, Math.max(1, record.count - (kept?.count ?? 0)))
      const entries = this.#oldest.all(record.id, wanted) as EntryRow[]
      for (const entry of entries) {
        const isOld = entry.ms < now - record.age
        if (dropped >= most || !(isOver() || isOld)) {
          record.due = entry.ms + record.age
          break
        }
        this.#drop(record, entry)
        dropped++
      }
      if (record.count === 0 || entries.length === 0) {
        record.due = toPlace(record.last)[0] + this.#horizon
        break
      }
    }
    return dropped
  }

  /** Channels that a sweep has to look at, those that have waited longest first. */
  due(now: number, most: number): ChannelRecord[] {
    return (this.#due.all(now, most) as ChannelRecord[]).map((row) => this.#touch({ ...row }))
  }

  /** Forgets a channel of which nothing is kept, when it is past the horizon. */
  forgetIfPast(record: ChannelRecord, now: number): void {
    if (record.count > 0 || toPlace(record.last)[0] >= now - this.#horizon) return
    this.#forget.run(record.id)
    this.#touched.delete(record.name)
  }

  /** Writes what was changed. To be called before the commit. */
  flush(): void {
    for (const { id, last, count, bytes, age, due } of this.#touched.values()) {
      this.#update.run(last, count, bytes, age, due, id)
    }
    this.#touched.clear()
  }

  /** Forgets what was changed: the transaction has failed. */
  reset(): void {
    this.#touched.clear()
  }

  #touch(record: ChannelRecord): ChannelRecord {
    this.#touched.set(record.name, record)
    return record
  }

  #drop(record: ChannelRecord, { ms, seq, message, size, shared }: EntryRow): void {
    this.#removeEntry.run(record.id, ms, seq)
    record.count--
    record.bytes -= size
    if (shared !== 0) {
      const left = this.#release.get(message) as { readonly refs: number } | undefined
      if (left !== undefined && left.refs > 0) return
      this.#removeShared.run(message)
    }
    this.#removeMessage.run(message)
  }
}
