import type { Job } from '../../../../src/queue/job.ts'

/** A job of a listener that is called `ship`. */
export function jobOf(id: string, fields?: Partial<Job>): Job
