import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath as node } from 'node:process'
import { fileURLToPath } from 'node:url'
import { freePort } from '../support/free-port.ts'
import { type GuardedProcess, startGuarded } from '../support/guarded-process.ts'
import { until } from '../support/until.ts'

export const folder = fileURLToPath(new URL('../../examples/notifications/', import.meta.url))

/** A folder for the queue and the mails of one test. */
export interface ShopData {
  readonly dir: string
  remove(): Promise<void>
}

export async function shopData(): Promise<ShopData> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-shop-'))
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) }
}

export interface Shop {
  readonly port: number
  readonly url: string
  readonly output: string
  /** The exit code or the signal once it has ended. */
  readonly ended: number | NodeJS.Signals | undefined
  kill(signal: NodeJS.Signals): Promise<void>
}

export interface ShopOptions {
  /** Whether it runs its jobs itself. @default true */
  readonly work?: boolean
  /** @default a free one */
  readonly port?: number
  /** @default none: the log is in the server's memory */
  readonly redis?: string
}

/** The example, as its README runs it. Resolves when it accepts connections. */
export async function startShop({ dir }: ShopData, { work = true, port, redis = '' }: ShopOptions = {}): Promise<Shop> {
  const own = port ?? (await freePort())
  const env = [`PORT=${own}`, `DATA=${dir}`, 'HOST=127.0.0.1', `REDIS_URL=${redis}`, `WORK=${work ? 'yes' : 'no'}`]
  const server = await startGuarded('env', [...env, node, join(folder, 'server.js')], '')
  await until('the shop', async () => {
    if (server.ended !== undefined) throw new Error(`The shop ended with ${server.ended}: ${server.output}`)
    return server.output.includes('The shop is at') || undefined
  })
  return {
    port: own,
    url: `http://127.0.0.1:${own}`,
    get output() {
      return server.output
    },
    get ended() {
      return server.ended
    },
    kill: server.kill,
  }
}

/** `millrace work` in the folder of the example. Resolves when it works. */
export async function startWorker({ dir }: ShopData, redis: string): Promise<GuardedProcess> {
  const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  const env = [`DATA=${dir}`, `REDIS_URL=${redis}`]
  const run = 'cd "$0" && exec env "$@"'
  const worker = await startGuarded('sh', ['-c', run, folder, ...env, node, command, 'work'], '')
  await until('the worker', async () => {
    if (worker.ended !== undefined) throw new Error(`The worker ended with ${worker.ended}: ${worker.output}`)
    return worker.output !== '' || undefined
  })
  return worker
}

/** Signs in and orders, as the page does. Resolves with the statuses of both. */
export async function orderAs({ url }: Shop, user: string, order: object): Promise<readonly [number, number]> {
  const headers = { 'content-type': 'application/json' }
  const session = await fetch(`${url}/session`, { method: 'POST', headers, body: JSON.stringify({ user }) })
  const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? ''
  const placed = await fetch(`${url}/orders`, {
    method: 'POST',
    headers: { ...headers, cookie },
    body: JSON.stringify(order),
  })
  return [session.status, placed.status]
}
