import { MillraceError } from '../base/errors.ts'
import type { Application } from './application.ts'

/** @throws {MillraceError} `application_invalid` where the jobs are in the memory of the process that dispatched them, and so not here */
export function assertDurable({ path, events }: Application): void {
  if (events.isDurable !== false) return
  throw new MillraceError(
    'application_invalid',
    `${path} keeps its jobs in memory, where only the process that dispatched them has them, and runs them itself. ` +
      'To share them give createEvents a queue that lasts: diskQueue(dir) of millrace/disk, or bullmq(url) of millrace/bullmq.',
  )
}
