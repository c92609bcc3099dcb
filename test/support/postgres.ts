import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { freePort } from './free-port.ts'
import { type GuardedProcess, startGuarded } from './guarded-process.ts'
import { until } from './until.ts'

export interface PostgresOptions {
  /** Whether a commit waits for the disk. @default false */
  readonly fsync?: boolean
  /** More settings, such as `{ max_connections: '20' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface PostgresServer {
  /** Of its superuser, and the database `postgres`. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Ends the server and removes its data. */
  stop(): Promise<void>
  /** Ends every process of it without a word: what was committed is recovered at the next start. Resolves when it has ended. */
  kill(): Promise<void>
  /** The same port and data; ends a running server first, as `kill` does. Resolves when it answers. */
  restart(): Promise<void>
  /** A connection, open; yours to end. */
  connect(): Promise<Client>
  /** One statement on a connection of its own; its rows. */
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
}

/** A real PostgreSQL with a cluster of its own, on 127.0.0.1. Resolves when it answers. */
export async function startPostgres({ fsync = false, settings = {} }: PostgresOptions = {}): Promise<PostgresServer> {
  const bin = binaries()
  const as = await unprivileged()
  const dir = await mkdtemp(join(tmpdir(), 'millrace-postgres-'))
  const data = join(dir, 'data')
  const port = await freePort()
  const url = `postgres://millrace@127.0.0.1:${port}/postgres`
  const clean = () => rm(dir, { recursive: true, force: true })

  const all = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: fsync ? 'on' : 'off',
    full_page_writes: fsync ? 'on' : 'off',
    shared_buffers: '16MB',
    ...settings,
  }
  const args = ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const start = async (): Promise<GuardedProcess> => {
    const [command = '', ...rest] = [...as.prefix, join(bin, 'postgres'), ...args]
    for (let attempt = 1; ; attempt++) {
      const server = await startGuarded(command, rest, dir)
      try {
        await untilItAnswers(url, server)
        return server
      } catch (error) {
        await server.kill('SIGKILL')
        // A process of a server that was killed may hold on to its memory for another moment.
        if (attempt === 20 || !server.output.includes('shared memory')) throw error
      }
    }
  }

  let server: GuardedProcess
  try {
    if (as.uid !== undefined) await chown(dir, as.uid, -1)
    const initdb = [...as.prefix, join(bin, 'initdb'), '-D', data, '-U', 'millrace', '-A', 'trust', '-E', 'UTF8']
    const [command = '', ...rest] = [...initdb, '--locale=C', '--no-sync', '--no-instructions']
    await promisify(execFile)(command, rest, { cwd: dir })
    server = await start()
  } catch (error) {
    await clean()
    throw error
  }

  const connect = async () => {
    const client = new Client({ connectionString: url })
    // It ends with the server, and a test that minds sees it in its statements.
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  // An immediate shutdown is a crash for all but the processes of the server, which with SIGKILL would be left over.
  const kill = () => server.kill('SIGQUIT')
  return {
    url,
    port,
    get pid() {
      return server.pid
    },
    connect,
    kill,
    async stop() {
      await kill()
      await clean()
    },
    async restart() {
      await kill()
      server = await start()
    },
    async query(text, values = []) {
      const client = await connect()
      try {
        return (await client.query(text, [...values])).rows
      } finally {
        await client.end()
      }
    },
  }
}

async function untilItAnswers(url: string, server: GuardedProcess): Promise<void> {
  await until('PostgreSQL', async () => {
    if (server.ended !== undefined) throw new Error(`postgres ended with ${server.ended}: ${server.output}`)
    const client = new Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.query('SELECT 1')
      return true
    } catch {
      // Not yet: `ended` tells when never.
      return undefined
    } finally {
      await client.end()
    }
  })
}

/** Debian keeps the programs of each version in a folder that is on nobody's path. */
function binaries(): string {
  const versions = '/usr/lib/postgresql'
  const found = existsSync(versions) ? readdirSync(versions).toSorted((a, b) => Number(b) - Number(a)) : []
  const folders = [...found.map((version) => join(versions, version, 'bin')), ...(process.env.PATH ?? '').split(':')]
  const folder = folders.find((candidate) => existsSync(join(candidate, 'initdb')))
  if (folder === undefined) throw new Error('PostgreSQL is not installed: there is no initdb.')
  return folder
}

/** PostgreSQL does not run as root. `setpriv` turns into the program, so that its process is the one that was started. */
async function unprivileged(): Promise<{ readonly prefix: readonly string[]; readonly uid?: number }> {
  if (process.getuid?.() !== 0) return { prefix: [] }
  const idOf = async (user: string) => Number((await promisify(execFile)('id', ['-u', user])).stdout)
  const uid = await idOf('postgres').catch(() => idOf('nobody'))
  return { prefix: ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'], uid }
}
