import type { Job } from '../queue/job.ts'
import { assertFound, assertNotFound, type Finding, show, showFilter } from './finding.ts'
import { fits } from './pattern.ts'

/** Which jobs are meant: a test of them, or what the data of their event looks like. */
export type JobFilter = ((job: Job) => boolean) | object | string | number | boolean | null

/** The jobs that were queued, in order and whatever has become of them, to be asked. */
export interface QueuedJobs {
  /** All, or those of the listener with this id. */
  queued(listener?: string, filter?: JobFilter): readonly Job[]
  /** @throws {AssertionError} that lists what was queued instead */
  assertQueued(listener: string, filter?: JobFilter): void
  /** @throws {AssertionError} */
  assertNotQueued(listener: string, filter?: JobFilter): void
}

export function queuedIn(all: readonly Job[]): QueuedJobs {
  return {
    queued: (listener, filter) => all.filter((job) => isOf(job, listener, filter)),
    assertQueued: (listener, filter) => assertFound(findQueued(all, listener, filter)),
    assertNotQueued: (listener, filter) => assertNotFound(findQueued(all, listener, filter)),
  }
}

export function findQueued(all: readonly Job[], listener: string, filter: unknown): Finding {
  return {
    isFound: all.some((job) => isOf(job, listener, filter)),
    subject: `a job of ${listener}`,
    expected: `to have been queued${showFilter(filter)}`,
    title: 'Queued',
    there: all.map((job) => `${job.listener} for ${show(job.event.name, dataOf(job))}`),
  }
}

function isOf(job: Job, listener: string | undefined, filter: unknown): boolean {
  if (listener !== undefined && job.listener !== listener) return false
  if (filter === undefined) return true
  return typeof filter === 'function' ? filter(job) === true : fits(dataOf(job), filter)
}

/** What is kept of the event: its data, or where that is no JSON, what it was made of. */
function dataOf({ event }: Job): unknown {
  return 'data' in event ? event.data : event.input
}
