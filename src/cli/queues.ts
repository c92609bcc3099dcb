import { exitCodes } from './exit.ts'
import { type LookOptions, lookAtJobs } from './look.ts'
import { print } from './output.ts'
import { toTable } from './table.ts'
import { toServed } from './work-lines.ts'

/** Prints how many jobs each queue has that has some, or that a listener is on. */
export function queues(options: LookOptions): Promise<void> {
  return lookAtJobs(options, async ({ events }) => {
    const listeners = new Map(toServed(events.listeners(), undefined).map((one) => [one.queue, one.listeners]))
    const counts = new Map((await events.counts()).map((one) => [one.queue, one]))
    const all = [...new Set([...listeners.keys(), ...counts.keys()])].sort().map((queue) => ({
      ...(counts.get(queue) ?? { queue, waiting: 0, delayed: 0, running: 0, failed: 0 }),
      listeners: listeners.get(queue) ?? [],
    }))
    if (options.json) for (const one of all) await print(JSON.stringify(one))
    else await print(all.length === 0 ? 'No queued listeners, and no jobs.' : toTable(titles, all.map(toRow)))
    return exitCodes.ok
  })
}

const titles = ['QUEUE', 'WAITING', 'DELAYED', 'RUNNING', 'FAILED', 'LISTENERS']

function toRow(one: {
  queue: string
  waiting: number
  delayed: number
  running: number
  failed: number
  listeners: readonly string[]
}) {
  const { queue, waiting, delayed, running, failed, listeners } = one
  return [queue, ...[waiting, delayed, running, failed].map(String), listeners.join(', ') || 'none']
}
