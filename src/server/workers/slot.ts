import { setTimeout as delay } from 'node:timers/promises'
import type { OnError } from '../../base/errors.ts'
import { Backoff } from './backoff.ts'
import type { Worker } from './worker.ts'

/** A worker that has not ended this long after its drain, in ms, is killed. It gives itself 2 s. */
const patience = 4_000

export interface SlotContext {
  /** Starts a process for the slot. */
  readonly start: (number: number) => Worker
  /** Hears of the one that is to be handed connections from now on. */
  readonly onServing: (worker: Worker) => void
  /** Hears of the one that is not any more. */
  readonly onLeaving: (worker: Worker) => void
  /** Hears of the one that has ended as it should. */
  readonly onStopped: (worker: Worker) => void
  readonly onError: OnError
}

/** A place in the fleet, and the worker that serves there. One that dies is replaced. */
export class Slot {
  readonly number: number
  readonly #context: SlotContext
  readonly #backoff = new Backoff()
  /** Those that have not ended: one serves, one may be starting, one leaving. */
  readonly #alive = new Set<Worker>()
  #serving: Worker | undefined
  #filling: Promise<void> | undefined
  #isClosed = false
  #isKilled = false

  constructor(number: number, context: SlotContext) {
    this.number = number
    this.#context = context
  }

  get serving(): Worker | undefined {
    return this.#serving
  }

  /** Starts a worker, which takes the place of the one that serves. @throws what it refused to start with, or `worker_died` */
  fill(): Promise<void> {
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = undefined
    })
    return this.#filling
  }

  /** Fills it anew, and ends the worker that served until then, over `drain` ms. @throws as `fill`: then that one goes on */
  async renew(drain: number): Promise<void> {
    const old = this.#serving
    await this.fill()
    if (old !== undefined && this.#alive.has(old) && !this.#isClosed) await this.#end(old, drain, true)
  }

  /** Ends what is there over `drain` ms. */
  async close(drain: number): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#alive].map((worker) => this.#end(worker, drain, false)))
  }

  /** Ends it at once. */
  kill(): void {
    this.#isClosed = this.#isKilled = true
    for (const worker of this.#alive) worker.kill()
  }

  async #fill(): Promise<void> {
    const worker = this.#context.start(this.number)
    let begun = Date.now()
    this.#alive.add(worker)
    void worker.ended.then((exit) => {
      this.#alive.delete(worker)
      if (worker !== this.#serving) return
      this.#serving = undefined
      this.#context.onLeaving(worker)
      if (this.#isClosed) return
      const wait = this.#backoff.next(Date.now() - begun)
      this.#context.onError(worker.toDeath(exit, sequel(wait)))
      void this.#refill(wait)
    })
    await worker.ready
    begun = Date.now()
    if (this.#isClosed) return
    const old = this.#serving
    this.#serving = worker
    this.#context.onServing(worker)
    if (old !== undefined) this.#context.onLeaving(old)
  }

  /** Tries until somebody serves. */
  async #refill(wait: number): Promise<void> {
    // The process has other things to live for.
    await delay(wait, undefined, { ref: false })
    while (this.#serving === undefined && !this.#isClosed) {
      try {
        await this.fill()
      } catch (error) {
        if (this.#isClosed) return
        this.#context.onError(error)
        await delay(this.#backoff.next(0), undefined, { ref: false })
      }
    }
  }

  async #end(worker: Worker, drain: number, isLeaving: boolean): Promise<void> {
    worker.close(drain, isLeaving)
    const timer = setTimeout(() => worker.kill(), drain + patience)
    const exit = await worker.ended
    clearTimeout(timer)
    if (exit.code === 0) this.#context.onStopped(worker)
    else if (!this.#isKilled) this.#context.onError(worker.toDeath(exit))
  }
}

function sequel(wait: number): string {
  return ` Its readers come back to the others. Another one is started ${wait === 0 ? 'at once' : `in ${wait} ms`}.`
}
