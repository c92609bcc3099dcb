import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { type GuardedProcess, startGuarded } from './guarded-process.ts'
import { until } from './until.ts'

export interface RedisOptions {
  /** When the append-only file is flushed to the disk. @default 'everysec' */
  readonly appendfsync?: 'always' | 'everysec' | 'no'
  /** @default a free one */
  readonly port?: number
  /** Where it keeps its data. Yours to remove. @default a temporary folder, removed by `stop` */
  readonly dir?: string
  /** More for the command line, such as `['--replicaof', '127.0.0.1 6380']`; overrides what is set here. */
  readonly args?: readonly string[]
}

export interface RedisServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly dir: string
  /** Ends the server and removes its data. */
  stop(): Promise<void>
  /** Resolves when the server has ended; at once for SIGSTOP and SIGCONT. @default 'SIGKILL' */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** The same port and data; asks a running server to shut down first. Resolves when it answers. */
  restart(): Promise<void>
}

/** A real redis-server, with an append-only file, on 127.0.0.1. Resolves when it answers. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'millrace-redis-')))
  const isOurs = options.dir === undefined
  const port = options.port ?? (await freePort())
  const args = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''],
    ...['--appendonly', 'yes', '--appendfsync', options.appendfsync ?? 'everysec'],
    ...(options.args ?? []),
  ]
  const clean = async () => {
    if (isOurs) await rm(dir, { recursive: true, force: true })
  }
  const start = async () => {
    // The guard removes the folder of a test that crashed, so it must not get one that is not ours.
    const server = await startGuarded('redis-server', args, isOurs ? dir : '')
    try {
      await untilItAnswers(port, server)
    } catch (error) {
      await server.kill('SIGKILL')
      await clean()
      throw error
    }
    return server
  }

  let server = await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    dir,
    get pid() {
      return server.pid
    },
    async stop() {
      // Not SIGTERM: a server that a test has stopped with SIGSTOP would not hear it.
      await server.kill('SIGKILL')
      await clean()
    },
    kill: (signal = 'SIGKILL') => server.kill(signal),
    async restart() {
      // One that a test has stopped with SIGSTOP hears nothing else before this.
      await server.kill('SIGCONT')
      await server.kill('SIGTERM')
      server = await start()
    },
  }
}

async function untilItAnswers(port: number, server: GuardedProcess): Promise<void> {
  await until(`redis-server on port ${port}`, async () => {
    if (server.ended !== undefined) throw new Error(`redis-server ended with ${server.ended}: ${server.output}`)
    const info = await ask(port, 'INFO').catch(() => undefined)
    if (info === undefined) return undefined
    if (info.startsWith('-NOAUTH')) return true
    // Another test's server may have taken the port in the meantime: ours then ends, and this one is not it.
    const isReady = info.includes(`process_id:${server.pid}\r\n`) && info.includes('\r\nloading:0\r\n')
    return isReady || undefined
  })
}

/** One command in the inline form of the Redis protocol, and the reply as it stands on the wire. */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let reply = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      reply += chunk
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(reply))
    socket.write(`${command}\r\nQUIT\r\n`)
  })
}
