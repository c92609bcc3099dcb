import { systemClock } from '../../base/clock.ts'
import type { EntryWorker, RedisClient } from './library.ts'
import { run } from './script.ts'

/** The lock of one run of a job. */
export interface Lock {
  /** Whether the job, which has run, is still ours to say what becomes of it. Asks only where that is not known; waits while Redis is away. */
  confirm(): Promise<boolean>
  release(): void
}

interface Held {
  readonly token: string
  /** When it was last known to be ours, in ms since the Unix epoch. */
  sureAt: number
  /** How often the connection had been made by then. */
  connections: number
  /** Redis was told what became of the job, and perhaps has done it: then the lock is gone, and nothing is lost. */
  isSettling: boolean
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
  readonly #held = new Map<string, Held>()
  readonly #endTicks: () => void
  #connections = 0
  #readyAt = systemClock.now()
  #isBusy = false
  #renewing: Promise<void> | undefined
  /** The time of the Redis server at the last look for jobs whose worker has died, in ms since the Unix epoch. */
  #lookedAt = 0
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
  hold(id: string, token: string): Lock {
    const held: Held = { token, sureAt: systemClock.now(), connections: this.#connections, isSettling: false }
    this.#held.set(id, held)
    // A later run of the same job may have begun here, if this one's lock was lost.
    const isHeld = () => this.#held.get(id) === held
    return {
      confirm: async () => {
        while (isHeld() && !this.#isSure(held)) {
          await this.#renew()
          // Some clients answer nothing, rather than wait or reject.
          if (this.#client.status !== 'ready') throw new Error('Redis is away')
        }
        held.isSettling = true
        return isHeld()
      },
      release: () => void (isHeld() && this.#held.delete(id)),
    }
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

  #isSure({ sureAt, connections }: Held): boolean {
    return (
      this.#client.status === 'ready' &&
      connections === this.#connections &&
      systemClock.now() - sureAt < (this.#duration * 3) / 4
    )
  }

  async #tick(): Promise<void> {
    await this.#renew()
    if (this.#client.status !== 'ready' || systemClock.now() - this.#readyAt < settleTime) return
    // Both go out together. The client sends again what the loss of a connection has left without an answer: a look that is done long
    // after it was asked for is no look.
    const look = [this.#worker.keys['stalled-check'] ?? '', this.#lookedAt, tickOf(this.#duration) * 2]
    const [time] = await Promise.all([
      run(this.#client, 'look', look),
      this.#worker.getBackend().moveStalledJobsToWait(),
    ])
    this.#lookedAt = Number(time)
  }

  /** Shared by all who need it at the same time. */
  #renew(): Promise<void> {
    this.#renewing ??= this.#renewAll().finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  async #renewAll(): Promise<void> {
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
        if (!lock.isSettling) this.#onLost(id)
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
