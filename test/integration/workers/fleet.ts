import { readdir, readlink } from 'node:fs/promises'
import { until } from '../../support/until.ts'
import { type Serve, serve } from '../cli/command.ts'

/** `serve --dev --workers COUNT`, with the process ids of its workers. */
export async function serveBy(count: number, more: readonly string[] = []): Promise<Serve> {
  return serve(['--dev', '--workers', String(count), ...more])
}

/** The process ids of the workers that were started last, one for each place. */
export async function workersOf(hub: Serve, count = 2): Promise<number[]> {
  return until('the workers', async () => {
    const latest = new Map<number, number>()
    for (const [, worker, pid] of hub.output.matchAll(/"worker-started","worker":(\d+),"pid":(\d+)/g))
      latest.set(Number(worker), Number(pid))
    const pids = [...latest.values()].filter(isAlive)
    return pids.length === count ? pids : undefined
  })
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** How many sockets the process has. */
export async function socketsOf(pid: number): Promise<number> {
  const names = await readdir(`/proc/${pid}/fd`)
  const targets = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')))
  return targets.filter((target) => target.startsWith('socket:')).length
}
