import { MillraceError } from '../../base/errors.ts'
import { endOfTurn } from '../../base/turn.ts'
import type { Outgoing } from '../port.ts'
import type { Appended } from './writer-messages.ts'

/** Writes a batch to disk: all of it or, where it rejects, nothing. */
export type Commit = (messages: readonly Outgoing[]) => Promise<readonly Appended[]>

/** In one transaction at most so many messages, and about so much data in UTF-16 code units. */
const batchMessages = 1_000
const batchData = 1024 * 1024

/** Appends that wait for the disk hold at most this much data, in UTF-16 code units. Past it they are refused. */
const maxWaiting = 64 * 1024 * 1024

interface Waiting {
  readonly message: Outgoing
  resolve(appended: Appended): void
  reject(error: unknown): void
}

/**
 * Group commit: what is appended in one turn, or while a commit runs, goes to disk together, so that many share one wait for it.
 */
export class GroupCommit {
  readonly #commit: Commit
  #waiting: Waiting[] = []
  #data = 0
  #isRunning = false
  #idle: () => void = () => {}

  constructor(commit: Commit) {
    this.#commit = commit
  }

  /** @throws {MillraceError} `broker_unavailable` */
  append(message: Outgoing): Promise<Appended> {
    return new Promise((resolve, reject) => {
      if (this.#data > maxWaiting) {
        reject(
          new MillraceError(
            'broker_unavailable',
            `The disk does not keep up: more than ${maxWaiting} characters wait for it. Nothing was published; try again.`,
          ),
        )
        return
      }
      this.#waiting.push({ message, resolve, reject })
      this.#data += message.data.length
      if (this.#isRunning) return
      this.#isRunning = true
      endOfTurn(() => void this.#run())
    })
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    if (!this.#isRunning) return
    await new Promise<void>((resolve) => {
      this.#idle = resolve
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch()
      try {
        const appended = await this.#commit(batch.map(({ message }) => message))
        for (const [index, { resolve }] of batch.entries()) {
          const own = appended[index]
          if (own !== undefined) resolve(own)
        }
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#isRunning = false
    this.#idle()
  }

  #takeBatch(): readonly Waiting[] {
    let data = 0
    let count = 0
    for (const { message } of this.#waiting) {
      if (count >= batchMessages || data >= batchData) break
      data += message.data.length
      count++
    }
    this.#data -= data
    const batch = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    return batch
  }
}
