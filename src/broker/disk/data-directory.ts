import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError, quote } from '../../base/errors.ts'
import { newTag, startAt } from '../timeline.ts'
import { applicationId, beforeTables, createTables, ofEveryConnection, schemaVersion } from './schema.ts'
import { type Database, inTransaction, openDatabase, resultCodeOf, resultCodes } from './sqlite.ts'

/** A directory that this process alone has open. */
export interface DataDirectory {
  /** The file with the log; its tables are there. */
  readonly path: string
  /** A connection to it, for reading. */
  readonly database: Database
  /** Lets the next one open it. To be called last, when every connection is closed. */
  unlock(): void
}

/**
 * Makes the directory and the log in it where they are missing, and locks them.
 *
 * @throws {MillraceError} `data_locked`, `data_unavailable`, `data_incompatible`, `dependency_missing`
 */
export function openDirectory(dir: string, now: number): DataDirectory {
  let lock: Database | undefined
  let database: Database | undefined
  try {
    // What is published is not for everyone on this machine.
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    lock = openLock(join(dir, 'lock'))
    const path = join(dir, 'log.db')
    database = openDatabase(path)
    prepare(database, dir, now)
    const held = lock
    return { path, database, unlock: () => held.close() }
  } catch (error) {
    database?.close()
    lock?.close()
    throw toDataError(error, dir)
  }
}

/**
 * Takes the lock, which the system lets go when this process ends, however it ends.
 *
 * It is SQLite's own lock on a file that stays empty: on the log itself it would keep our second connection out as well.
 */
function openLock(path: string): Database {
  const lock = openDatabase(path)
  try {
    lock.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    throw error
  }
}

function prepare(database: Database, dir: string, now: number): void {
  database.exec(ofEveryConnection)
  const version = pragma(database, 'user_version')
  const application = pragma(database, 'application_id')
  const isEmpty = pragma(database, 'schema_version') === 0
  if (!isEmpty && application !== applicationId) throw incompatible(dir, 'holds a log.db that is not of Millrace')
  if (!isEmpty && version !== schemaVersion) {
    throw incompatible(dir, `was written by another version (its form is ${version}, this one reads ${schemaVersion})`)
  }
  if (isEmpty) database.exec(beforeTables)
  database.exec('PRAGMA journal_mode = WAL')
  if (isEmpty) {
    inTransaction(database, 'IMMEDIATE', () => {
      createTables(database)
      const tag = newTag([])
      const start = startAt(now, tag)
      const set = database.prepare('INSERT INTO log (name, value) VALUES (?, ?)')
      set.run('start', start)
      set.run('head', start)
      set.run('timelines', JSON.stringify([{ tag, begin: start, parent: start }]))
    })
  }
}

function pragma(database: Database, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get() as Readonly<Record<string, number>>
  return row[name] ?? 0
}

function toDataError(cause: unknown, dir: string): unknown {
  if (cause instanceof MillraceError) return cause
  const code = resultCodeOf(cause)
  if (code === resultCodes.busy) {
    return new MillraceError(
      'data_locked',
      `Another hub has the directory ${quote(dir)} open. Stop it, or give this one a directory of its own.`,
      { cause, data: { dir } },
    )
  }
  if (code === resultCodes.corrupt || code === resultCodes.notADatabase) {
    return incompatible(dir, 'holds a log.db that is damaged, or not of Millrace', cause)
  }
  return new MillraceError(
    'data_unavailable',
    `The directory ${quote(dir)} cannot be made or written: ${cause instanceof Error ? cause.message : String(cause)}. ` +
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
