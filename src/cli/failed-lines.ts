import type { FailedJob } from '../queue/failed.ts'
import { oneLine, paint, printable } from './output.ts'
import { toTable } from './table.ts'

export function toFailedTable(jobs: readonly FailedJob[]): string {
  const rows = jobs.map(({ job, error, attempts, at }) => [
    job.id,
    job.event.name,
    job.queue,
    String(attempts),
    toMoment(at),
    oneLine(error.message),
  ])
  return toTable(['ID', 'EVENT', 'QUEUE', 'RUNS', 'FAILED', 'ERROR'], rows)
}

/** All of it, as people read it. */
export function toDetails({ job, error, attempts, at }: FailedJob): string {
  const { event } = job
  const rows = [
    ['job', job.id],
    ['listener', job.listener],
    ['queue', job.queue],
    ['event', `${event.name} (${event.id})`],
    ['made', toMoment(event.at)],
    ['failed', toMoment(at)],
    ['runs', `${attempts} of ${job.attempts}`],
    ['error', `${error.name}: ${error.message}${error.code === undefined ? '' : ` (${error.code})`}`],
  ]
  return [
    ...rows.map(([name = '', value = '']) => `${paint('dim', name.padEnd(9))} ${printable(value)}`),
    '',
    paint('dim', 'data' in event ? 'data' : 'input'),
    printable(JSON.stringify('data' in event ? event.data : event.input, null, 2) ?? 'none'),
    ...(error.stack === undefined ? [] : ['', paint('dim', 'stack'), printable(error.stack)]),
  ].join('\n')
}

/** What is kept of it, with the id at hand. */
export function toFailedEvent({ job, error, attempts, at }: FailedJob): object {
  return { id: job.id, listener: job.listener, queue: job.queue, attempts, at, error, job }
}

/** In the time of this machine, as its user reads it off the clock. */
function toMoment(ms: number): string {
  const date = new Date(ms)
  return new Date(ms - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ')
}
