import { MillraceError, messageOf, quote } from '../base/errors.ts'
import { type Database, inTransaction, resultCodeOf, resultCodes } from './sqlite.ts'

/** What a kind of our files looks like. */
export interface FileForm {
  /** In its directory, such as `log.db`. */
  readonly name: string
  /** Marks the file as ours, for SQLite and for `file`. */
  readonly applicationId: number
  /** To be raised with every change of the tables. */
  readonly version: number
  /** SQL that takes effect only before the first table. */
  readonly beforeTables: string
  /** SQL for every connection. */
  readonly ofEveryConnection: string
  /** Makes the tables, and what is in them at first. */
  fill(database: Database): void
}

/**
 * Makes a connection ready for use: sets what is of every connection, and makes the tables where the file is empty. No other process may
 * be making them at the same time.
 *
 * @throws {MillraceError} `data_incompatible` where the file is another's, or of another version
 */
export function prepareFile(database: Database, dir: string, form: FileForm): void {
  database.exec(form.ofEveryConnection)
  const isEmpty = isEmptyFile(database)
  if (!isEmpty && pragma(database, 'application_id') !== form.applicationId) {
    throw incompatible(dir, `holds a ${form.name} that is not of Millrace`)
  }
  const version = pragma(database, 'user_version')
  if (!isEmpty && version !== form.version) {
    throw incompatible(dir, `was written by another version (its form is ${version}, this one reads ${form.version})`)
  }
  if (isEmpty) database.exec(form.beforeTables)
  database.exec('PRAGMA journal_mode = WAL')
  if (!isEmpty) return
  inTransaction(database, 'IMMEDIATE', () => {
    form.fill(database)
    database.exec(`PRAGMA application_id = ${form.applicationId}; PRAGMA user_version = ${form.version};`)
  })
}

export function isEmptyFile(database: Database): boolean {
  return pragma(database, 'schema_version') === 0
}

function pragma(database: Database, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get() as Readonly<Record<string, number>>
  return row[name] ?? 0
}

/** What is said of a directory that cannot be opened. @param holder What may have it open, for one that is used by one alone */
export function toDataError(cause: unknown, dir: string, name: string, holder?: string): unknown {
  if (cause instanceof MillraceError) return cause
  const code = resultCodeOf(cause)
  if (code === resultCodes.busy && holder !== undefined) {
    return new MillraceError(
      'data_locked',
      `Another ${holder} has the directory ${quote(dir)} open. Stop it, or give this one a directory of its own.`,
      { cause, data: { dir } },
    )
  }
  if (code === resultCodes.corrupt || code === resultCodes.notADatabase) {
    return incompatible(dir, `holds a ${name} that is damaged, or not of Millrace`, cause)
  }
  return new MillraceError(
    'data_unavailable',
    `The directory ${quote(dir)} cannot be made or written: ${messageOf(cause)}. ` +
      'Give one that this user may write, on a disk with room.',
    { cause, data: { dir } },
  )
}

function incompatible(dir: string, why: string, cause?: unknown): MillraceError {
  return new MillraceError(
    'data_incompatible',
    `The directory ${quote(dir)} ${why}. It was left as it is. Give another one, or move this one away.`,
    { cause, data: { dir } },
  )
}
