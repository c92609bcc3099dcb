import { type AsyncStorage, asyncStorage } from '../base/async-storage.ts'

/**
 * A piece of work that may be done again after a crash: the run of a queued listener, or a dispatch from an outbox.
 *
 * What it makes gets an id that follows from the work and the content, so that it is the same when the work is repeated: a message
 * published within it is published once, and an event made within it is the same event. Where a repeated run makes something else, that
 * is something else. The same content twice in one run is told apart by its number.
 */
export class Run {
  readonly #key: string
  readonly #seen = new Map<string, number>()
  /** A connection or a timer that was made within it lives on, and still bears its mark. What that makes is no part of the work. */
  isOver = false

  /** @param key What it is that is done: the same for every run of it, and for nothing else. */
  constructor(key: string) {
    this.#key = key
  }

  /** 43 characters of base64url. `content` is JSON, and says what kind of thing it is of. */
  idOf(content: string): string {
    return this.#hash(content).toString('base64url')
  }

  /** The same, as a UUID of an own kind (RFC 9562, 5.8). */
  uuidOf(content: string): string {
    const bytes = this.#hash(content).subarray(0, 16)
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  }

  #hash(content: string) {
    const digest = sha256(content)
    const name = digest.toString('base64')
    const number = this.#seen.get(name) ?? 0
    this.#seen.set(name, number + 1)
    return sha256(JSON.stringify([this.#key, name, number]))
  }
}

const runs: AsyncStorage<Run> | undefined = asyncStorage()

/** Runs `work` as one that may be repeated. On a platform without `AsyncLocalStorage` what it makes has ids as ever. */
export async function asRun<Result>(key: string, work: () => Result): Promise<Awaited<Result>> {
  if (runs === undefined) return await work()
  const run = new Run(key)
  try {
    return await runs.run(run, work)
  } finally {
    run.isOver = true
  }
}

/** The run that the caller is part of, if it is. */
export function currentRun(): Run | undefined {
  const run = runs?.getStore()
  return run?.isOver ? undefined : run
}

function sha256(text: string) {
  // Where there is the one built-in module, there is the other.
  const crypto = globalThis.process.getBuiltinModule('node:crypto')
  return crypto.createHash('sha256').update(text).digest()
}
