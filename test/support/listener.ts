import type { Hub } from '../../src/hub/api.ts'
import { Reader } from './reader.ts'

/** One listener over all its connections. */
export class Listener {
  readonly channels: readonly string[]
  reader: Reader | undefined
  seen: string[] = []
  gaps = 0
  /** Undefined until it first has a place in the log. */
  cursor: string | undefined
  /** The place it was first given. */
  start = ''

  constructor(names: readonly string[]) {
    this.channels = names
  }

  async join(hub: Hub): Promise<void> {
    if (this.reader?.isCut) this.leave()
    if (this.reader !== undefined) return
    const reader = new Reader(this.cursor)
    const admission = hub.admit({ channels: this.channels, cursor: this.cursor })
    await admission.ready
    admission.open(reader)
    this.reader = reader
    if (this.cursor === undefined) await settle(() => reader.lastEventId !== '')
    if (reader.lastEventId === '') {
      // The broker was away: without a place there is no promise yet.
      this.reader = undefined
      reader.leave()
    } else if (this.cursor === undefined) {
      // The first id that it was told: messages may have come since.
      this.start = /^id: (\S+)$/m.exec(reader.text)?.[1] ?? ''
      this.cursor = reader.lastEventId
    }
  }

  leave(): void {
    if (this.reader === undefined) return
    this.reader.leave()
    this.seen.push(...this.reader.data)
    this.gaps += this.reader.gaps.length
    this.cursor = this.reader.lastEventId
    this.reader = undefined
  }
}

/** Waits for something that needs turns of the event loop only. */
export async function settle(isDone: () => boolean): Promise<void> {
  for (let turns = 0; turns < 2_000 && !isDone(); turns++) await turn()
}

/** A clock's `after` that comes at once. */
export function soon(_ms: number, then: () => void): () => void {
  const immediate = setImmediate(then)
  return () => clearImmediate(immediate)
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
