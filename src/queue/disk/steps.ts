import { type Clock, longestTimer } from '../../base/clock.ts'
import { MillraceError, type OnError } from '../../base/errors.ts'
import { endOfTurn } from '../../base/turn.ts'
import { type Batch, Changes, type Which } from './changes.ts'
import type { Change, Claimed, QueueReplies, Settlement, Want } from './messages.ts'
import type { NewJob } from './new-job.ts'

export interface StepsOptions {
  readonly clock: Clock
  /** Makes the changes, all or none, and claims what is wanted. */
  readonly step: (changes: readonly Change[], wants: readonly Want[]) => Promise<QueueReplies['step']>
  /** What could be run besides. */
  readonly wants: () => readonly Want[]
  /** Is to run them. Does not throw, as `onError` does not. */
  readonly onClaimed: (claimed: readonly Claimed[]) => void
  readonly onError: OnError
}

/** After how long it tries again to write what it could not write, in ms. */
const rest = 1_000

/**
 * Goes to the file in steps, one at a time: each adds what was added, settles what was settled, and claims what there is room for. What
 * comes in one turn, or while a step is under way, shares the next one, and so one wait for the disk.
 *
 * | trouble    | a step                                             | it succeeds | it fails                                 |
 * | ---------- | -------------------------------------------------- | ----------- | ---------------------------------------- |
 * | `none`     | adds, settles and claims                           | `none`      | with adds: `apart`, without: `resting`   |
 * | `apart`    | settles and claims: the adds may have been too much | `none`      | `resting`                                |
 * | `resting`  | adds, as somebody waits for the answer             | `resting`   | `resting`; after a while `apart`         |
 *
 * Once it winds up, nothing rests: what could not be settled is dropped, told of, and `none`.
 */
export class Steps {
  readonly #options: StepsOptions
  readonly #changes = new Changes()
  #trouble: 'none' | 'apart' | 'resting' = 'none'
  /** Whether there is a reason to look for jobs. */
  #isToLook = false
  #isStepping = false
  /** Set when nothing is tried again any more. */
  #isLast = false
  /** Why nothing can be written any more, if so. */
  #end: { readonly error: unknown } | undefined
  #isTold = false
  #endTimer: () => void = () => {}
  #endRest: () => void = () => {}
  #onIdle: () => void = () => {}

  constructor(options: StepsOptions) {
    this.#options = options
  }

  /** Whether nothing waits for the file. */
  get isIdle(): boolean {
    return !this.#isStepping && this.#changes.isEmpty
  }

  /** Resolves when it is on the disk. */
  add(job: NewJob): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end.error)
    const added = this.#changes.add(job)
    this.#step()
    return added
  }

  /** Tries until it is in the file, and then calls `onKept`. */
  settle(settlement: Settlement, onKept: () => void = () => {}): void {
    if (this.#end !== undefined) return
    this.#changes.settle(settlement, onKept)
    this.#step()
  }

  /** Looks whether there are jobs to claim. */
  look(): void {
    this.#isToLook = true
    this.#step()
  }

  /** Looks for no more jobs, and tries nothing again. @param onIdle Called whenever nothing waits for the file any more */
  wind(onIdle: () => void): void {
    this.#isLast = true
    this.#onIdle = onIdle
    this.#endTimer()
    this.#endRest()
    if (this.#trouble === 'resting') this.#trouble = 'apart'
    this.#step()
  }

  /** Gives up: nothing can be written any more. */
  end(error: unknown): void {
    this.#end = { error }
    this.#endTimer()
    this.#endRest()
    this.#changes.drop(error)
    this.#onIdle()
  }

  #step(): void {
    if (this.#isStepping || this.#end !== undefined) return
    this.#isStepping = true
    endOfTurn(() => void this.#run())
  }

  async #run(): Promise<void> {
    while (this.#end === undefined) {
      if (this.#trouble === 'apart' && !this.#isToLook && !this.#changes.has('settled')) this.#trouble = 'none'
      const which = whichIn[this.#trouble]
      const isLooking = which !== 'added'
      if (!this.#changes.has(which) && !(this.#isToLook && isLooking)) break
      const batch = this.#changes.take(which)
      const wants = isLooking && !this.#isLast ? this.#options.wants() : []
      if (isLooking) this.#isToLook = false
      let stepped: QueueReplies['step']
      try {
        stepped = await this.#options.step(batch.changes, wants)
      } catch (error) {
        batch.fail(error)
        if (isLooking) this.#takeBreath(error, batch)
        continue
      }
      batch.succeed()
      if (isLooking) this.#goOn(stepped)
    }
    this.#isStepping = false
    if (this.#end !== undefined) this.#changes.drop(this.#end.error)
    if (this.isIdle) this.#onIdle()
  }

  #goOn({ claimed, next }: QueueReplies['step']): void {
    if (this.#trouble !== 'none') this.#isToLook = true
    this.#trouble = 'none'
    this.#isTold = false
    this.#options.onClaimed(claimed)
    this.#lookAt(next)
  }

  #takeBreath(error: unknown, { changes }: Batch): void {
    this.#isToLook = !this.#isLast
    if (changes.some(({ kind }) => kind === 'add')) this.#trouble = 'apart'
    else this.#rest(error)
  }

  #rest(error: unknown): void {
    if (this.#isLast) {
      // Another try at each end of a run; whoever waits longer for a disk like this waits for ever.
      this.#trouble = 'none'
      const count = this.#changes.drop(error)
      if (count > 0) this.#options.onError(unsettled(count, error))
      return
    }
    this.#trouble = 'resting'
    if (!this.#isTold) this.#options.onError(error)
    this.#isTold = true
    this.#endRest = this.#options.clock.after(rest, () => {
      this.#trouble = 'apart'
      this.look()
    })
  }

  /** @param due When the next job is due, in ms since the Unix epoch */
  #lookAt(due: number | undefined): void {
    this.#endTimer()
    if (due === undefined || this.#isLast) return
    const wait = due - this.#options.clock.now()
    if (wait <= 0) this.look()
    else this.#endTimer = this.#options.clock.after(Math.min(wait, longestTimer), () => this.look())
  }
}

const whichIn = { none: 'all', apart: 'settled', resting: 'added' } as const satisfies Record<string, Which>

function unsettled(count: number, cause: unknown): MillraceError {
  const message = `What became of ${count === 1 ? 'a job' : `${count} jobs`} could not be written before the queue closed: to be run again.`
  return new MillraceError('queue_unavailable', message, { cause })
}
