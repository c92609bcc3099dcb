import { createRequire } from 'node:module'
import { MillraceError } from '../base/errors.ts'

/** What a column holds and a parameter takes. */
export type Value = string | number | null | Uint8Array

export interface Statement {
  run(...values: Value[]): { readonly lastInsertRowid: number | bigint; readonly changes: number | bigint }
  get(...values: Value[]): unknown
  all(...values: Value[]): unknown[]
}

/** A connection to an SQLite file, as `node:sqlite` gives it. */
export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

interface Driver {
  readonly DatabaseSync: new (path: string) => Database
}

/** Results of SQLite that something is done about: https://sqlite.org/rescode.html */
export const resultCodes = { busy: 5, corrupt: 11, notADatabase: 26 } as const

const builtIn = 'node:sqlite'
const substitute = '@photostructure/sqlite'

let driver: Driver | undefined

/**
 * Opens an SQLite file, and makes it where there is none.
 *
 * @throws {MillraceError} `dependency_missing`
 * @throws what {@link resultCodeOf} knows
 */
export function openDatabase(path: string): Database {
  driver ??= loadDriver()
  return new driver.DatabaseSync(path)
}

/** The primary result code of a failure in SQLite, or undefined where it is another's. */
export function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  // The upper bytes say more, and are not needed.
  return error.errcode & 0xff
}

/** Runs all of `work` or nothing of it. */
export function inTransaction<T>(database: Database, kind: 'DEFERRED' | 'IMMEDIATE', work: () => T): T {
  database.exec(`BEGIN ${kind}`)
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    try {
      database.exec('ROLLBACK')
    } catch {
      // After some failures, a full disk among them, SQLite has rolled back by itself; what counts is why.
    }
    throw error
  }
}

/** Node has had it since 22.13; for Node 20 a package has the same interface. Required, so that opening can fail at once. */
function loadDriver(): Driver {
  const own: unknown = process.getBuiltinModule?.(builtIn)
  if (own !== undefined) return own as Driver
  try {
    return createRequire(import.meta.url)(substitute) as Driver
  } catch (cause) {
    throw new MillraceError(
      'dependency_missing',
      `This version of Node has no ${builtIn}, and the package "${substitute}" is not here: npm install ${substitute}`,
      { cause },
    )
  }
}
