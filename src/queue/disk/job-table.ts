import type { Database, Statement } from '../../sqlite/sqlite.ts'
import type { QueueCounts } from '../port.ts'
import type { Claimed, Settlement, Want } from './messages.ts'
import type { NewJob } from './new-job.ts'

interface ClaimedRow {
  readonly seq: number
  readonly due: number
  readonly attempt: number
  readonly job: string
}

interface CountRow {
  readonly queue: string
  readonly count: number
}

/** The jobs in the file. What changes them is called inside of a transaction. */
export class JobTable {
  readonly #add: Statement
  readonly #done: Statement
  readonly #retry: Statement
  readonly #unbegun: Statement
  readonly #fail: Statement
  readonly #forgetFailed: Statement
  readonly #next: Statement
  readonly #claim: Statement
  readonly #countDue: Statement
  readonly #countDelayed: Statement
  readonly #countRunning: Statement
  readonly #countFailed: Statement

  constructor(database: Database) {
    // Whose id or `unique` is kept is let be.
    this.#add = database.prepare(
      'INSERT OR IGNORE INTO jobs (id, queue, uniq, due, attempt, job) VALUES (?, ?, ?, ?, 0, ?)',
    )
    const own = 'WHERE seq = ? AND worker = ?'
    this.#done = database.prepare(`DELETE FROM jobs ${own}`)
    this.#retry = database.prepare(`UPDATE jobs SET worker = NULL, due = ? ${own}`)
    this.#unbegun = database.prepare(`UPDATE jobs SET worker = NULL, attempt = attempt - 1 ${own}`)
    this.#fail = database.prepare(
      `INSERT OR REPLACE INTO failed (id, queue, at, attempts, error, job) SELECT id, queue, ?, ?, ?, job FROM jobs ${own}`,
    )
    this.#forgetFailed = database.prepare('DELETE FROM failed WHERE id = ?')
    this.#next = database.prepare('SELECT due FROM jobs WHERE worker IS NULL AND queue = ? ORDER BY due, seq LIMIT 1')
    this.#claim = database.prepare(
      `UPDATE jobs SET worker = ?, attempt = attempt + 1 WHERE seq IN
        (SELECT seq FROM jobs WHERE worker IS NULL AND queue = ? AND due <= ? ORDER BY due, seq LIMIT ?)
        RETURNING seq, due, attempt, job`,
    )
    const count = 'SELECT queue, count(*) AS count FROM'
    this.#countDue = database.prepare(`${count} jobs WHERE worker IS NULL AND due <= ? GROUP BY queue`)
    this.#countDelayed = database.prepare(`${count} jobs WHERE worker IS NULL AND due > ? GROUP BY queue`)
    this.#countRunning = database.prepare(`${count} jobs WHERE worker IS NOT NULL GROUP BY queue`)
    this.#countFailed = database.prepare(`${count} failed GROUP BY queue`)
  }

  /** @returns its number, or undefined where it is kept already */
  add({ id, queue, unique, due, json }: NewJob): number | undefined {
    const key = toKey(id)
    const { changes, lastInsertRowid } = this.#add.run(
      key,
      queue,
      unique === undefined ? null : toKey(unique),
      due,
      json,
    )
    if (Number(changes) === 0) return undefined
    this.#forgetFailed.run(key)
    return Number(lastInsertRowid)
  }

  settle(settlement: Settlement, worker: number): void {
    const { seq } = settlement
    switch (settlement.kind) {
      case 'done':
        this.#done.run(seq, worker)
        return
      case 'retry':
        this.#retry.run(settlement.due, seq, worker)
        return
      case 'unbegun':
        this.#unbegun.run(seq, worker)
        return
      case 'failed':
        this.#fail.run(settlement.at, settlement.attempts, settlement.error, seq, worker)
        this.#done.run(seq, worker)
    }
  }

  /** When the next job of the queue that nobody runs is due, in ms. */
  next(queue: string): number | undefined {
    return (this.#next.get(queue) as { readonly due: number } | undefined)?.due
  }

  /** Those that have been due for longest. */
  claim({ queue, limit }: Want, worker: number, now: number): Claimed[] {
    const rows = this.#claim.all(worker, queue, now, limit) as ClaimedRow[]
    return rows
      .sort((a, b) => a.due - b.due || a.seq - b.seq)
      .map(({ seq, attempt, job }) => ({ seq, queue, attempt, json: job }))
  }

  counts(now: number): QueueCounts[] {
    const waiting = toMap(this.#countDue.all(now))
    const delayed = toMap(this.#countDelayed.all(now))
    const running = toMap(this.#countRunning.all())
    const failed = toMap(this.#countFailed.all())
    const names = new Set([waiting, delayed, running, failed].flatMap((counts) => [...counts.keys()]))
    return [...names].map((queue) => ({
      queue,
      waiting: waiting.get(queue) ?? 0,
      delayed: delayed.get(queue) ?? 0,
      running: running.get(queue) ?? 0,
      failed: failed.get(queue) ?? 0,
    }))
  }
}

/** Any text as one that SQLite keeps as it is: JSON has no NUL and no half of a character. */
export function toKey(text: string): string {
  return JSON.stringify(text)
}

function toMap(rows: readonly unknown[]): Map<string, number> {
  return new Map((rows as readonly CountRow[]).map(({ queue, count }) => [queue, count]))
}
