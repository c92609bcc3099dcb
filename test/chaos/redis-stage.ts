import { setTimeout as delay } from 'node:timers/promises'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisCommand } from '../support/redis-command.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import type { History } from './history.ts'
import type { Profile } from './profiles.ts'

/** Redis as a run has it: one server, or one and its replica, behind a wire for each hub. */
export class RedisStage {
  readonly wires: readonly TcpProxy[]
  readonly #history: History
  readonly #profile: Profile
  #primary: RedisServer
  #replica: RedisServer | undefined
  #link: TcpProxy | undefined

  private constructor(history: History, profile: Profile, primary: RedisServer, wires: readonly TcpProxy[]) {
    this.#history = history
    this.#profile = profile
    this.#primary = primary
    this.wires = wires
  }

  static async start(history: History, profile: Profile): Promise<RedisStage> {
    const primary = await startRedis(optionsOf(profile))
    const wires = await Promise.all(Array.from({ length: profile.hubs ?? 1 }, () => TcpProxy.start(primary.port)))
    const stage = new RedisStage(history, profile, primary, wires)
    if (profile.redis?.hasReplica) await stage.#replicate()
    return stage
  }

  /** Killed at once, and away for so long. */
  async kill(ms: number): Promise<void> {
    await this.#primary.kill('SIGKILL')
    if (this.#profile.redis?.isEmpty) this.#bound(undefined, true, 'Redis was killed and keeps nothing')
    await delay(ms)
    await this.#primary.restart()
  }

  async pause(ms: number): Promise<void> {
    await this.#primary.kill('SIGSTOP')
    await delay(ms)
    await this.#primary.kill('SIGCONT')
  }

  /**
   * The replica becomes the primary, and the primary is gone for good; a new replica is made.
   *
   * In step: the replica has everything. Behind: it has been told nothing for `ms`. Sudden: whatever was on its way is lost.
   */
  async failOver(how: 'in-step' | 'behind' | 'sudden', ms: number): Promise<void> {
    const old = this.#primary
    const next = this.#replica
    if (next === undefined) throw new Error('There is no replica')
    if (how === 'behind') {
      this.#link?.hold('down')
      await delay(ms)
    } else if (how === 'in-step') {
      for (const wire of this.wires) wire.refuse()
      await this.#untilInStep(old, next)
    }
    const before = how === 'in-step' ? await headOf(old) : undefined
    await old.stop()
    const ms0 = Date.now()
    await this.#link?.close()
    for (const wire of this.wires) wire.refuse()
    await redisCommand(next, ['REPLICAOF', 'NO', 'ONE'])
    const shared = await headOf(next)
    this.#bound(shared, before === undefined || before !== shared, `failover, ${how}`, ms0)
    this.#primary = next
    for (const wire of this.wires) {
      wire.switchTo(next.port)
      wire.accept()
    }
    await this.#replicate()
  }

  async stop(): Promise<void> {
    await this.#link?.close()
    for (const wire of this.wires) await wire.close()
    await this.#replica?.stop()
    await this.#primary.stop()
  }

  #bound(shared: string | undefined, isLoss: boolean, why: string, ms = Date.now()): void {
    this.#history.record({ type: 'boundary', ms, shared, isLoss, why })
  }

  async #replicate(): Promise<void> {
    const link = await TcpProxy.start(this.#primary.port)
    const { args = [], ...options } = optionsOf(this.#profile)
    const replica = await startRedis({ ...options, args: [...args, '--replicaof', `127.0.0.1 ${link.port}`] })
    this.#link = link
    this.#replica = replica
    await this.#untilInStep(this.#primary, replica, 'link')
  }

  /** Whether it has all, or at least the link. */
  async #untilInStep(primary: RedisServer, replica: RedisServer, what: 'link' | 'all' = 'all'): Promise<void> {
    for (let left = 1_000; left > 0; left--) {
      const info = String(await redisCommand(replica, ['INFO', 'replication']))
      const isLinked = info.includes('master_link_status:up')
      if (isLinked && (what === 'link' || (await headOf(primary)) === (await headOf(replica)))) return
      await delay(20)
    }
    throw new Error('The replica does not come to be in step')
  }
}

function optionsOf({ redis }: Profile) {
  const quick = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1']
  return redis?.isEmpty
    ? { args: ['--appendonly', 'no'] }
    : { appendfsync: 'always' as const, args: redis?.hasReplica ? quick : [] }
}

async function headOf(server: RedisServer): Promise<string | undefined> {
  const head = await redisCommand(server, ['HGET', 'millrace:log', 'position'])
  return head === null ? undefined : String(head)
}
