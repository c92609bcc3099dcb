import { systemClock } from '../../base/clock.ts'
import type { EntryWorker, RedisClient } from './library.ts'
import { run } from './script.ts'

interface Lock {
  readonly token: string
  /** When it was last known to be ours, in ms since the Unix epoch. */
  sureAt: number
  /** How often the connection had been made by then. */
  connections: number
}

export interface LocksOptions {
  readonly worker: EntryWorker
  readonly client: RedisClient
  /** How long a lock lasts when nobody renews it, in ms. */
  readonly duration: number
  /** Told of a job that may run elsewhere by now. */
  readonly onLost: (id: string) => void
}

/** How long after a connection is made no job is taken for given up, in ms: other workers are to be back, and renew their locks. */
const settleTime = 2_000

/**
 * The locks of the jobs that run here, and the search for jobs whose worker has died.
 *
 * BullMQ does both by itself, but gives up a lock that ran out, and looks for dead workers' jobs the moment Redis is back: a long run
 * would be begun a second time because Redis was away for longer than its lock. So a lock that ran out is taken back as long as
 * nobody has the job; and one who looks for others' jobs renews their own first.
 */
export class Locks {
  readonly #worker: EntryWorker
  readonly #client: RedisClient
  readonly #duration: number
  readonly #onLost: (id: string) => void
  readonly #held = new Map<string, Lock>()
  readonly #endTicks: () => void
  #connections = 0
  #readyAt = systemClock.now()
  #isBusy = false
  readonly #onReady = () => {
    this.#connections++
    this.#readyAt = systemClock.now()
    this.tick()
  }

  constructor({ worker, client, duration, onLost }: LocksOptions) {
    this.#worker = worker
    this.#client = client
    this.#duration = duration
    this.#onLost = onLost
    client.on('ready', this.#onReady)
    this.#endTicks = systemClock.every(tickOf(duration), () => this.tick())
  }

  /** Of a job that has just been fetched, and so is locked. */
  hold(id: string, token: string): void {
    this.#held.set(id, { token, sureAt: systemClock.now(), connections: this.#connections })
  }

  release(id: string): void {
    this.#held.delete(id)
  }

  /** Whether the job is still ours; asks only where that is not known. Waits while Redis is away. */
  async isHeld(id: string): Promise<boolean> {
    const lock = this.#held.get(id)
    if (lock === undefined) return false
    const isSure =
      this.#client.status === 'ready' &&
      lock.connections === this.#connections &&
      systemClock.now() - lock.sureAt < (this.#duration * 3) / 4
    if (!isSure) await this.#renew()
    return this.#held.has(id)
  }

  /** Renews the locks, and then puts jobs back that have none. */
  tick(): void {
    // What was asked while Redis is away waits for it, and does for all that comes in the meantime.
    if (this.#isBusy) return
    this.#isBusy = true
    // The worker's own calls fail of the same, and tell it.
    this.#tick()
      .catch(() => {})
      .finally(() => {
        this.#isBusy = false
      })
  }

  close(): void {
    this.#endTicks()
    this.#client.off('ready', this.#onReady)
  }

  async #tick(): Promise<void> {
    await this.#renew()
    if (this.#client.status !== 'ready' || systemClock.now() - this.#readyAt < settleTime) return
    await this.#worker.getBackend().moveStalledJobsToWait()
  }

  async #renew(): Promise<void> {
    const held = [...this.#held]
    if (held.length === 0) return
    const connections = this.#connections
    const now = systemClock.now()
    const lost = new Set(
      await this.#worker.extendJobLocks(
        held.map(([id]) => id),
        held.map(([, { token }]) => token),
        this.#duration,
      ),
    )
    for (const [id, lock] of held) {
      // Released in the meantime, or a later run's.
      if (this.#held.get(id) !== lock) continue
      if (lost.has(id) && !(await this.#takeBack(id, lock.token))) {
        if (this.#held.get(id) !== lock) continue
        this.#held.delete(id)
        this.#onLost(id)
        continue
      }
      lock.sureAt = now
      lock.connections = connections
    }
  }

  async #takeBack(id: string, token: string): Promise<boolean> {
    const { keys, toKey } = this.#worker
    const args = [keys.active ?? '', `${toKey(id)}:lock`, keys.stalled ?? '', id, token, this.#duration]
    return (await run(this.#client, 'relock', args)) === 1
  }
}

/** How often locks are renewed, and looked for, in ms. */
export function tickOf(duration: number): number {
  return Math.ceil(duration / 4)
}
