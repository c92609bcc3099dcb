import type { Job } from '../job.ts'

/** A job on its way to the file. */
export interface NewJob {
  readonly id: string
  readonly queue: string
  readonly unique: string | undefined
  /** When it may be run, in ms since the Unix epoch. */
  readonly due: number
  /** All of it, as JSON. */
  readonly json: string
}

/** @param now In ms since the Unix epoch */
export function toNewJob(job: Job, now: number): NewJob {
  const { id, queue, unique, delay } = job
  return { id, queue, unique, due: now + delay, json: JSON.stringify(job) }
}
