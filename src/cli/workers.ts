import type { ServerOptions } from '../server/options.ts'
import { startFleet, type WorkerId } from '../server/workers/fleet.ts'
import { say } from './output.ts'
import type { Serving } from './serve.ts'

/** Starts the hub in several processes, which SIGHUP restarts one after the other, and tells what becomes of them. */
export async function startWorkers(workers: number, options: ServerOptions, isJson: boolean): Promise<Serving> {
  const { onError = () => {} } = options
  let isBegun = false
  const tell = (event: string, line: string, more: object = {}) => {
    if (isBegun) say(isJson ? JSON.stringify({ event, ...more }) : line)
  }
  const tellOf = (kind: 'started' | 'stopped', id: WorkerId) =>
    tell(`worker-${kind}`, `worker ${id.worker} (pid ${id.pid}) ${kind}`, id)
  const fleet = await startFleet({
    ...options,
    workers,
    onChange: ({ kind, worker, pid }) => tellOf(kind, { worker, pid }),
  })

  const restart = async () => {
    tell('restarting', `SIGHUP: restarting ${workers} workers, one after the other`, { signal: 'SIGHUP', workers })
    await fleet.restart()
    tell('restarted', 'restarted')
  }
  process.on('SIGHUP', () => void restart().catch(onError))

  return {
    url: fleet.url,
    begin() {
      isBegun = true
      if (isJson) for (const id of fleet.workers) tellOf('started', id)
    },
    subscribers: () => fleet.subscribers(),
    close: (drain) => fleet.close(drain),
    kill: () => fleet.kill(),
  }
}
