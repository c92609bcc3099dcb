import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isEmptyFile, prepareFile, toDataError } from '../../sqlite/file.ts'
import { openLock } from '../../sqlite/lock.ts'
import { type Database, openDatabase } from '../../sqlite/sqlite.ts'
import { queueForm } from './schema.ts'

/** How long it waits for another process that is making the file, in ms. */
const patience = 5_000

/**
 * Makes the directory and the queue's file in it where they are missing.
 *
 * @returns a connection, which is to be closed before the thread closes its own: the last one to go tidies up, and that takes time
 * @throws {MillraceError} `data_unavailable`, `data_incompatible`, `dependency_missing`
 */
export function openQueueFile(dir: string): Database {
  let database: Database | undefined
  let lock: Database | undefined
  try {
    // What jobs hold is not for everyone on this machine.
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    database = openDatabase(join(dir, queueForm.name))
    // Before the first look: it may be that another process is tidying up.
    database.exec(queueForm.ofEveryConnection)
    // Processes that start together would all make the tables.
    if (isEmptyFile(database)) lock = openLock(join(dir, 'queue.lock'), patience)
    prepareFile(database, dir, queueForm)
    return database
  } catch (error) {
    database?.close()
    throw toDataError(error, dir, queueForm.name)
  } finally {
    lock?.close()
  }
}
