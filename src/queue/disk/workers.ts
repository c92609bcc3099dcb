import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { openLock } from '../../sqlite/lock.ts'
import { type Database, inTransaction, resultCodeOf, resultCodes, type Statement } from '../../sqlite/sqlite.ts'

interface WorkerRow {
  readonly id: number
  readonly lock: string
}

/**
 * The workers that the file knows, as its thread sees them. A worker is entered before its first job, and when it has its lock already; so
 * who is entered and whose lock is free is dead, and who is stopped or slow is not.
 */
export class Workers {
  readonly #dir: string
  readonly #database: Database
  readonly #enter: Statement
  readonly #remove: Statement
  readonly #others: Statement
  readonly #anyOther: Statement
  readonly #putBack: Statement
  readonly #stray: Statement

  constructor(database: Database, dir: string) {
    this.#dir = dir
    this.#database = database
    this.#enter = database.prepare('INSERT INTO workers (lock) VALUES (?)')
    this.#remove = database.prepare('DELETE FROM workers WHERE id = ?')
    this.#others = database.prepare('SELECT id, lock FROM workers WHERE id <> ?')
    this.#anyOther = database.prepare('SELECT 1 FROM workers WHERE id <> ? LIMIT 1')
    this.#putBack = database.prepare('UPDATE jobs SET worker = NULL WHERE worker = ?')
    this.#stray = database.prepare(
      'SELECT DISTINCT worker AS id FROM jobs WHERE worker IS NOT NULL AND worker NOT IN (SELECT id FROM workers)',
    )
  }

  /** In a transaction. @returns its number */
  enter(lock: string): number {
    return Number(this.#enter.run(lock).lastInsertRowid)
  }

  /** In a transaction: puts back what it had, and forgets it. The runs count. @returns how many jobs it had */
  remove(id: number): number {
    const { changes } = this.#putBack.run(id)
    this.#remove.run(id)
    return Number(changes)
  }

  hasOthers(than: number): boolean {
    return this.#anyOther.get(than) !== undefined
  }

  /** Removes the dead ones, `own` aside. @returns how many jobs they had */
  removeDead(own: number): number {
    let jobs = 0
    for (const { id, lock } of this.#others.all(own) as WorkerRow[]) jobs += this.#removeIfDead(id, lock)
    // Of a worker that was taken for dead, because somebody had removed the file of its lock.
    for (const { id } of this.#stray.all() as WorkerRow[]) jobs += this.#removeNow(id)
    return jobs
  }

  #removeIfDead(id: number, name: string): number {
    const path = join(this.#dir, name)
    let lock: Database
    try {
      lock = openLock(path)
    } catch (error) {
      // It lives; or another one is just finding out that it does not.
      if (resultCodeOf(error) === resultCodes.busy) return 0
      throw error
    }
    try {
      return this.#removeNow(id)
    } finally {
      lock.close()
      rmSync(path, { force: true })
    }
  }

  #removeNow(id: number): number {
    return inTransaction(this.#database, 'IMMEDIATE', () => this.remove(id))
  }
}
