import type { Job } from './job.ts'

/** What a run failed with, as JSON. */
export interface JobError {
  readonly name: string
  readonly message: string
  /** Of a MillraceError or an error of Node. */
  readonly code?: string
  /** With those of its causes. */
  readonly stack?: string
}

/** A job that was given up. */
export interface FailedJob {
  readonly job: Job
  readonly error: JobError
  /** How many runs of it were begun. */
  readonly attempts: number
  /** When it was given up, in ms since the Unix epoch. */
  readonly at: number
}

/** Which failed jobs: all those that every field given is true of. */
export interface FailedSelection {
  /** The job's id. */
  readonly id?: string
  readonly queue?: string
  /** Given up before this moment, in ms since the Unix epoch. */
  readonly before?: number
}

/**
 * The jobs that were given up, in whatever process.
 *
 * @throws {MillraceError} `queue_unavailable` where the store does not answer; `queue_closed`
 */
export interface FailedJobs {
  /** The latest first, at most `limit` of them. @param selection.limit @default 100 */
  list(selection?: FailedSelection & { readonly limit?: number }): Promise<readonly FailedJob[]>
  get(id: string): Promise<FailedJob | undefined>
  /**
   * Puts them back into their queues, due at once, as if they had never run, and without their `until`. Resolves with how many.
   * One whose id or `unique` is that of a job that is kept by now is let be.
   */
  retry(selection: FailedSelection): Promise<number>
  /** Removes them; resolves with how many. */
  forget(selection: FailedSelection): Promise<number>
}

/** How many failed jobs `list` gives where nothing is said. */
export const defaultPage = 100

/** A stack is for people to read: more than this of it, in UTF-16 code units, helps nobody and fills a store. */
const maxStack = 8_192
const maxMessage = 2_048
const maxCauses = 5

/** What was thrown, as JSON: listeners throw what they like. */
export function toJobError(thrown: unknown): JobError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: textOf(thrown).slice(0, maxMessage) }
  const { name, message } = thrown
  const code: unknown = Reflect.get(thrown, 'code')
  return {
    name: String(name),
    message: String(message).slice(0, maxMessage),
    ...(typeof code === 'string' ? { code } : {}),
    stack: stackOf(thrown).slice(0, maxStack),
  }
}

function stackOf(error: Error): string {
  const stacks: string[] = []
  let cause: unknown = error
  while (cause instanceof Error && stacks.length < maxCauses) {
    stacks.push(String(cause.stack ?? cause))
    cause = cause.cause
  }
  return stacks.join('\nCaused by: ')
}

function textOf(thrown: unknown): string {
  try {
    return typeof thrown === 'string' ? thrown : (JSON.stringify(thrown) ?? String(thrown))
  } catch {
    return typeof thrown
  }
}

/** Whether `failed` is one of `selection`: for drivers that have their failed jobs at hand. */
export function isSelected({ job, at }: FailedJob, { id, queue, before }: FailedSelection): boolean {
  return (
    (id === undefined || job.id === id) &&
    (queue === undefined || job.queue === queue) &&
    (before === undefined || at < before)
  )
}

/** The job as it is put back into its queue. */
export function toRetried(job: Job): Job {
  const { until: _, ...rest } = job
  return { ...rest, delay: 0 }
}
