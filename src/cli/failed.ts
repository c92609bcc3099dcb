import { MillraceError, quote } from '../base/errors.ts'
import type { FailedSelection } from '../queue/failed.ts'
import type { Application } from './application.ts'
import { exitCodes, report } from './exit.ts'
import { toDetails, toFailedEvent, toFailedTable } from './failed-lines.ts'
import { type LookOptions, lookAtJobs } from './look.ts'
import { print } from './output.ts'

interface Selecting extends LookOptions {
  readonly all?: boolean
  readonly queue?: string
}

type Change = 'retry' | 'forget'

const done = { retry: 'put back', forget: 'forgotten' } as const

export function listFailed({
  queue,
  limit,
  ...options
}: LookOptions & { queue?: string; limit: number }): Promise<void> {
  return lookAtJobs(options, async ({ events }) => {
    const selection = queue === undefined ? {} : { queue }
    const jobs = await events.failed.list({ ...selection, limit })
    if (options.json) {
      for (const failed of jobs) await print(JSON.stringify(toFailedEvent(failed)))
      return exitCodes.ok
    }
    const counts = await events.counts()
    const total = counts
      .filter((one) => queue === undefined || one.queue === queue)
      .reduce((sum, one) => sum + one.failed, 0)
    if (jobs.length > 0) await print(toFailedTable(jobs))
    await print(
      total === 0
        ? 'No failed jobs.'
        : total > jobs.length
          ? `The latest ${jobs.length} of ${jobsIn(total)}.`
          : `${jobsIn(total)}.`,
    )
    return exitCodes.ok
  })
}

export function showFailed(id: string, options: LookOptions): Promise<void> {
  return lookAtJobs(options, async ({ events }) => {
    const failed = await events.failed.get(id)
    if (failed === undefined) throw unknown(id)
    await print(options.json ? JSON.stringify(toFailedEvent(failed)) : toDetails(failed))
    return exitCodes.ok
  })
}

export function retryFailed(ids: readonly string[], options: Selecting): Promise<void> {
  return change('retry', ids, options)
}

export function forgetFailed(ids: readonly string[], options: Selecting): Promise<void> {
  return change('forget', ids, options)
}

export function purgeFailed({
  olderThan,
  queue,
  ...options
}: LookOptions & { olderThan: number; queue?: string }): Promise<void> {
  return lookAtJobs(options, async ({ events }) => {
    const before = Date.now() - olderThan
    const count = await events.failed.forget({ before, ...(queue === undefined ? {} : { queue }) })
    await print(options.json ? JSON.stringify({ forgotten: count }) : `${jobsIn(count)} forgotten.`)
    return exitCodes.ok
  })
}

async function change(
  what: Change,
  ids: readonly string[],
  { all = false, queue, ...options }: Selecting,
): Promise<void> {
  if ((ids.length === 0) !== all || (queue !== undefined && !all)) {
    const message = `Say which: ids, or --all, or --all --queue NAME. \`millrace failed list\` shows what there is.`
    throw new MillraceError('option_invalid', message)
  }
  await lookAtJobs(options, async (application) => {
    const selections: FailedSelection[] = all ? [queue === undefined ? {} : { queue }] : ids.map((id) => ({ id }))
    let count = 0
    let missed = false
    for (const selection of selections) {
      const changed = await changeOne(application, what, selection)
      count += changed
      if (changed > 0 || selection.id === undefined) continue
      missed = true
      report(await whyNot(application, selection.id), options.json)
    }
    await print(
      options.json
        ? JSON.stringify({ [what === 'retry' ? 'retried' : 'forgotten']: count })
        : `${jobsIn(count)} ${done[what]}.`,
    )
    return missed ? exitCodes.failed : exitCodes.ok
  })
}

function changeOne({ events }: Application, what: Change, selection: FailedSelection): Promise<number> {
  return what === 'retry' ? events.failed.retry(selection) : events.failed.forget(selection)
}

/** Of an id with which nothing could be done. */
async function whyNot({ events }: Application, id: string): Promise<MillraceError> {
  if ((await events.failed.get(id)) === undefined) return unknown(id)
  const message = `Job ${quote(id)} was left where it is: one with its id, or its \`unique\`, waits or runs by now.`
  return new MillraceError('job_kept', message, { data: { job: id } })
}

function unknown(id: string): MillraceError {
  const message = `There is no failed job ${quote(id)}. \`millrace failed list\` shows those that there are.`
  return new MillraceError('job_unknown', message, { data: { job: id } })
}

function jobsIn(count: number): string {
  return `${count} ${count === 1 ? 'job' : 'jobs'}`
}
