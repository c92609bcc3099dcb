import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { toDataError } from '../../sqlite/file.ts'
import { openLock } from '../../sqlite/lock.ts'
import type { Database } from '../../sqlite/sqlite.ts'

/** That this process is alive: a lock on a file of its own, which nobody holds any more once the process has ended. */
export interface SignOfLife {
  /** The file, in the directory. */
  readonly name: string
  /** @param isGone Whether nobody will look at the file any more */
  end(isGone: boolean): void
}

/** @throws {MillraceError} `data_unavailable` */
export function openSignOfLife(dir: string): SignOfLife {
  const name = `queue-worker-${randomUUID()}.lock`
  const path = join(dir, name)
  const lock = lockOrThrow(path, dir, name)
  return {
    name,
    end(isGone) {
      lock.close()
      if (isGone) rmSync(path, { force: true })
    },
  }
}

function lockOrThrow(path: string, dir: string, name: string): Database {
  try {
    return openLock(path)
  } catch (error) {
    throw toDataError(error, dir, name)
  }
}
