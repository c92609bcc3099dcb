import type { Database, Statement, Value } from '../../sqlite/sqlite.ts'
import type { FailedSelection } from '../failed.ts'
import { toKey } from './job-table.ts'
import type { FailedRow } from './messages.ts'

/** So many at a time are retried or forgotten, so that other work of the thread comes between. */
const stretch = 500

interface NumberedRow extends FailedRow {
  readonly seq: number
}

/** The failed jobs in the file. */
export class FailedTable {
  readonly #database: Database
  readonly #limit: number
  readonly #count: Statement
  readonly #removeOldest: Statement
  readonly #remove: Statement

  constructor(database: Database, limit: number) {
    this.#database = database
    this.#limit = limit
    this.#count = database.prepare('SELECT count(*) AS count FROM failed')
    this.#removeOldest = database.prepare(
      'DELETE FROM failed WHERE seq IN (SELECT seq FROM failed ORDER BY at, seq LIMIT ?)',
    )
    this.#remove = database.prepare('DELETE FROM failed WHERE seq = ?')
  }

  /** The latest first. */
  list(selection: FailedSelection, limit: number): FailedRow[] {
    const [where, values] = toWhere(selection)
    const sql = `SELECT job, error, attempts, at FROM failed WHERE ${where} ORDER BY at DESC, seq DESC LIMIT ?`
    // A copy, because a row is not an ordinary object.
    return (this.#database.prepare(sql).all(...values, limit) as FailedRow[]).map((row) => ({ ...row }))
  }

  /** The number of the last one. */
  last(): number {
    const row = this.#database.prepare('SELECT max(seq) AS last FROM failed').get() as { readonly last: number | null }
    return row.last ?? 0
  }

  /** The next ones after number `after`, and where to go on: undefined where there are no more. */
  after(after: number, last: number, selection: FailedSelection): [rows: NumberedRow[], after: number | undefined] {
    const [where, values] = toWhere(selection)
    const sql = `SELECT seq, job, error, attempts, at FROM failed WHERE seq > ? AND seq <= ? AND ${where} ORDER BY seq LIMIT ?`
    const rows = this.#database.prepare(sql).all(after, last, ...values, stretch) as NumberedRow[]
    return [rows, rows.length < stretch ? undefined : rows.at(-1)?.seq]
  }

  remove(seq: number): void {
    this.#remove.run(seq)
  }

  /** Removes the oldest, as many as there are too many. */
  trim(): void {
    const { count } = this.#count.get() as { readonly count: number }
    if (count > this.#limit) this.#removeOldest.run(count - this.#limit)
  }
}

function toWhere({ id, queue, before }: FailedSelection): [sql: string, values: Value[]] {
  const terms: [string, Value][] = []
  if (id !== undefined) terms.push(['id = ?', toKey(id)])
  if (queue !== undefined) terms.push(['queue = ?', queue])
  if (before !== undefined) terms.push(['at < ?', before])
  return [terms.map(([sql]) => sql).join(' AND ') || 'TRUE', terms.map(([, value]) => value)]
}
