import { MillraceError } from '../../base/errors.ts'
import type { Change, Settlement } from './messages.ts'
import type { NewJob } from './new-job.ts'

/** In one transaction at most so many jobs are added, and about so much of them in UTF-16 code units. */
const batchJobs = 1_000
const batchData = 1024 * 1024

/** Jobs that wait for the disk hold at most this much, in UTF-16 code units. Past it they are refused. */
const maxWaiting = 64 * 1024 * 1024

interface Waiting {
  readonly change: Change
  resolve(): void
  /** Undefined where nobody waits, and nothing may be lost: it is tried again. */
  readonly reject: ((error: unknown) => void) | undefined
}

/** What goes to the file together, all of it or nothing. */
export interface Batch {
  readonly changes: readonly Change[]
  /** All of it is on disk. */
  succeed(): void
  /** Nothing of it is: who has added is told, and the rest waits for the next batch. */
  fail(error: unknown): void
}

/** Which changes a batch is made of: jobs that are `added`, jobs that were `settled`. */
export type Which = 'all' | 'added' | 'settled'

/** The changes that wait for the file, in their order: jobs to be added, and what became of those that ran. */
export class Changes {
  #waiting: Waiting[] = []
  #data = 0

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** @throws {MillraceError} `queue_unavailable` */
  add(job: NewJob): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#data > maxWaiting) {
        const message = `The disk does not keep up: more than ${maxWaiting} characters wait for it. The job was not taken; try again.`
        reject(new MillraceError('queue_unavailable', message))
        return
      }
      this.#data += job.json.length
      this.#waiting.push({ change: { kind: 'add', job }, resolve, reject })
    })
  }

  /** `onKept` is called when it is in the file. */
  settle(change: Settlement, onKept: () => void): void {
    this.#waiting.push({ change, resolve: onKept, reject: undefined })
  }

  has(which: Which): boolean {
    return this.#waiting.some(({ change }) => isOne(change, which))
  }

  /** The oldest ones. */
  take(which: Which): Batch {
    const taken: Waiting[] = []
    let jobs = 0
    let data = 0
    let index = 0
    const left: Waiting[] = []
    for (; index < this.#waiting.length && jobs < batchJobs && data < batchData; index++) {
      const next = this.#waiting[index]
      if (next === undefined) break
      if (!isOne(next.change, which)) {
        left.push(next)
        continue
      }
      taken.push(next)
      if (next.change.kind !== 'add') continue
      jobs++
      data += next.change.job.json.length
    }
    this.#waiting = [...left, ...this.#waiting.slice(index)]
    this.#data -= data
    return {
      changes: taken.map(({ change }) => change),
      succeed: () => {
        for (const { resolve } of taken) resolve()
      },
      fail: (error) => {
        this.#waiting = [...taken.filter(({ reject }) => reject === undefined), ...this.#waiting]
        for (const { reject } of taken) reject?.(error)
      },
    }
  }

  /** Gives up what waits. @returns how many settlements that were */
  drop(error: unknown): number {
    const dropped = this.#waiting.splice(0)
    this.#data = 0
    for (const { reject } of dropped) reject?.(error)
    return dropped.filter(({ reject }) => reject === undefined).length
  }
}

function isOne({ kind }: Change, which: Which): boolean {
  return which === 'all' || (kind === 'add') === (which === 'added')
}
