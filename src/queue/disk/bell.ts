import { closeSync, constants, type FSWatcher, openSync, watch, writeSync } from 'node:fs'
import { join } from 'node:path'

// A file that who adds a job writes a byte into, so that the system wakes the workers in other processes at once. It carries nothing: all
// that counts is in the database, and workers look there now and then anyway.
const name = 'queue.bell'

function openBell(dir: string): number {
  return openSync(join(dir, name), constants.O_RDWR | constants.O_CREAT, 0o600)
}

/** The one who rings. */
export class Bell {
  readonly #file: number

  constructor(dir: string) {
    this.#file = openBell(dir)
  }

  ring(): void {
    try {
      writeSync(this.#file, '.', 0)
    } catch {
      // The disk is full or at fault. The workers look by themselves, a little later.
    }
  }

  close(): void {
    closeSync(this.#file)
  }
}

/**
 * Calls `onRing` whenever a process rings, this one too. The result ends it.
 *
 * @param onDeaf Told at most once, and not before this has returned: the system does not say, or no longer, when the file changes
 */
export function hearBell(dir: string, onRing: () => void, onDeaf: () => void): () => void {
  let watcher: FSWatcher | undefined
  try {
    closeSync(openBell(dir))
    watcher = watch(join(dir, name), { persistent: false }, onRing)
  } catch {
    // Such as past the limit for watches of this user. Not a fault: it is only slower.
    setImmediate(onDeaf)
    return () => {}
  }
  watcher.once('error', () => {
    watcher.close()
    onDeaf()
  })
  return () => watcher.close()
}
