import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { GuardedProcess } from '../../../support/guarded-process.ts'
import type { RedisServer } from '../../../support/redis.ts'
import { until } from '../../../support/until.ts'
import { type Result, run, start } from '../../cli/command.ts'
import { type Shop, shopOf } from './shop.js'

/** The queues that workers share, and the application module of each: one in JavaScript, one in TypeScript. */
export const drivers = [
  { driver: 'disk', app: fileURLToPath(new URL('app.js', import.meta.url)) },
  { driver: 'BullMQ', app: fileURLToPath(new URL('app.ts', import.meta.url)) },
] as const

/** What a listener has written. */
export interface Line {
  readonly what: string
  readonly n: number
  readonly attempt: number
  readonly at: number
}

/** An application with a queue of its own, and workers for it. */
export interface Stage {
  /** As its server has it: it dispatches, and works on nothing. */
  readonly shop: Shop
  readonly prefix: string
  lines(): Promise<readonly Line[]>
  /** Resolves when so many lines say `what`. */
  untilWritten(what: string, count: number): Promise<void>
  /** Starts `millrace work`. */
  work(args?: readonly string[], options?: { readonly isMended?: boolean }): Promise<GuardedProcess>
  /** Runs a command to its end. */
  run(args: readonly string[], options?: { readonly isMended?: boolean }): Promise<Result>
}

export async function openStage({ driver, app }: (typeof drivers)[number], redis: RedisServer): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-work-'))
  const log = join(dir, 'log')
  const prefix = `${randomUUID()}:`
  const options = { dir: join(dir, 'queue'), redisUrl: driver === 'disk' ? undefined : redis.url, prefix, log }
  const shop = shopOf({ ...options, version: 1 })
  onTestFinished(async () => {
    await shop.events.close()
    await shop.hub?.close()
    await rm(dir, { recursive: true, force: true })
  })
  const environment = (more: object = {}) => ({ SHOP: JSON.stringify({ ...options, ...more }) })
  const lines = async () => {
    const text = await readFile(log, 'utf8').catch(() => '')
    // A line that is being written has no end yet.
    return text
      .split('\n')
      .slice(0, -1)
      .map((line): Line => JSON.parse(line))
  }
  return {
    shop,
    prefix,
    lines,
    untilWritten: (what, count) =>
      until(`${count} lines of ${what}`, async () => {
        return (await lines()).filter((line) => line.what === what).length >= count || undefined
      }).then(() => {}),
    work: (args = [], more) => start(['work', '--app', app, '--json', ...args], environment(more)),
    run: (args, more) => run([...args, '--app', app], { env: environment(more) }),
  }
}

/** The lines of JSON that a command has printed. */
export function toEvents<T = Record<string, unknown>>(output: string): readonly T[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'))
  return lines.map((line): T => JSON.parse(line))
}
