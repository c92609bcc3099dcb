import { type RedisServer, startRedis } from '../../support/redis.ts'
import { redisCommand } from '../../support/redis-command.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

/** A master, a replica of it, and an address that leads to the one or the other. */
export interface Pair {
  readonly master: RedisServer
  readonly replica: RedisServer
  readonly proxy: TcpProxy
  readonly url: string
  /** Resolves when the replica has all that the master has. */
  synced(): Promise<void>
  /** From now on the replica takes writes, and hears nothing of the master. */
  promote(): Promise<void>
  /** Leads the address to the replica, also for those who are connected. */
  failOver(): void
  stop(): Promise<void>
}

export async function startPair(args: readonly string[] = []): Promise<Pair> {
  const master = await startRedis({ args: ['--repl-diskless-sync-delay', '0', ...args] })
  const replica = await startRedis({
    args: ['--repl-diskless-sync-delay', '0', ...args, '--replicaof', `127.0.0.1 ${master.port}`],
  })
  const proxy = await TcpProxy.start(master.port)
  await untilLinked(replica)
  return {
    master,
    replica,
    proxy,
    url: `redis://127.0.0.1:${proxy.port}`,
    synced: () => untilLike(master, replica),
    async promote() {
      await redisCommand(replica, ['REPLICAOF', 'NO', 'ONE'])
    },
    failOver() {
      proxy.switchTo(replica.port)
      proxy.cut()
    },
    async stop() {
      await proxy.close()
      await Promise.all([master.stop(), replica.stop()])
    },
  }
}

/** Makes a server a replica of another. Resolves when it has what that one has. */
export async function demote(server: RedisServer, master: RedisServer): Promise<void> {
  await redisCommand(server, ['REPLICAOF', '127.0.0.1', String(master.port)])
  await untilLinked(server)
}

function untilLinked(replica: RedisServer): Promise<true> {
  return until('the link to the master', async () => {
    const info = String(await redisCommand(replica, ['INFO', 'replication']))
    return info.includes('master_link_status:up') || undefined
  })
}

async function untilLike(master: RedisServer, replica: RedisServer): Promise<void> {
  await until('the replica to have all', async () => {
    const [ours, theirs] = await Promise.all([offsetOf(master), offsetOf(replica)])
    return ours === theirs || undefined
  })
}

async function offsetOf(server: RedisServer): Promise<string | undefined> {
  const info = String(await redisCommand(server, ['INFO', 'replication']))
  return /master_repl_offset:(\d+)/.exec(info)?.[1]
}
