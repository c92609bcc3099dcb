import { type Database, openDatabase } from './sqlite.ts'

/**
 * Takes a lock, which the system lets go when this process ends, however it ends. `close()` lets it go, too.
 *
 * It is SQLite's own lock on a file of its own that stays empty: on a file with data it would keep other connections out.
 *
 * @param wait How long it waits for who holds it, in ms; it blocks this thread meanwhile
 * @throws what `resultCodeOf` calls `busy`, where it is held: by another process, or by this one
 */
export function openLock(path: string, wait = 0): Database {
  const lock = openDatabase(path)
  try {
    lock.exec(`PRAGMA busy_timeout = ${wait}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`)
    return lock
  } catch (error) {
    lock.close()
    throw error
  }
}
