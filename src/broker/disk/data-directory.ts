import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { prepareFile, toDataError } from '../../sqlite/file.ts'
import { openLock } from '../../sqlite/lock.ts'
import { type Database, openDatabase } from '../../sqlite/sqlite.ts'
import { newTag, startAt } from '../timeline.ts'
import { logForm } from './schema.ts'

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
    const path = join(dir, logForm.name)
    database = openDatabase(path)
    prepareFile(database, dir, { ...logForm, fill: (empty) => fill(empty, now) })
    const held = lock
    return { path, database, unlock: () => held.close() }
  } catch (error) {
    database?.close()
    lock?.close()
    throw toDataError(error, dir, logForm.name, 'hub')
  }
}

/** A new log starts here and now. */
function fill(database: Database, now: number): void {
  logForm.fill(database)
  const tag = newTag([])
  const start = startAt(now, tag)
  const set = database.prepare('INSERT INTO log (name, value) VALUES (?, ?)')
  set.run('start', start)
  set.run('head', start)
  set.run('timelines', JSON.stringify([{ tag, begin: start, parent: start }]))
}
