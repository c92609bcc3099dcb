import type { ThreadFailure } from '../../sqlite/thread.ts'
import type { FailedSelection } from '../failed.ts'
import type { QueueCounts } from '../port.ts'
import type { NewJob } from './new-job.ts'

/** What the queue's thread is started with. */
export interface QueueSettings {
  readonly dir: string
  readonly failedLimit: number
}

/** A job that this process has claimed, by its number in the file. */
export interface Claimed {
  readonly seq: number
  readonly queue: string
  readonly attempt: number
  readonly json: string
}

/** What has become of a job that this process had claimed. Times are ms since the Unix epoch. */
export type Settlement =
  | { readonly kind: 'done'; readonly seq: number }
  | { readonly kind: 'retry'; readonly seq: number; readonly due: number }
  /** It was claimed, and no run was begun. */
  | { readonly kind: 'unbegun'; readonly seq: number }
  | {
      readonly kind: 'failed'
      readonly seq: number
      /** A `JobError`, as JSON. */
      readonly error: string
      readonly attempts: number
      readonly at: number
    }

export type Change = { readonly kind: 'add'; readonly job: NewJob } | Settlement

/** So many more jobs of a queue can be run here. */
export interface Want {
  readonly queue: string
  readonly limit: number
}

/** `now` is in ms since the Unix epoch, by the clock of who asks. */
export type QueueRequest =
  /** In one transaction: makes all changes, and then claims what is wanted and due. `lock` is the worker's, where this is one. */
  | {
      readonly kind: 'step'
      readonly changes: readonly Change[]
      readonly wants: readonly Want[]
      readonly lock: string | undefined
      readonly now: number
    }
  /** Puts back what dead workers had, and whatever else is to be done now and then. */
  | { readonly kind: 'tend' }
  | { readonly kind: 'counts'; readonly now: number }
  | { readonly kind: 'list'; readonly selection: FailedSelection; readonly limit: number }
  /** One stretch of those selected, after number `after`; those that failed after number `last` are left alone. */
  | {
      readonly kind: 'retry' | 'forget'
      readonly selection: FailedSelection
      readonly after: number
      readonly last: number | undefined
      readonly now: number
    }
  | { readonly kind: 'close' }

/** A failed job as the file has it: JSON inside. */
export interface FailedRow {
  readonly job: string
  readonly error: string
  readonly attempts: number
  readonly at: number
}

export interface Stretch {
  readonly kind: 'stretch'
  readonly count: number
  /** Where the next one begins; undefined where there is none. */
  readonly after: number | undefined
  readonly last: number
}

/** What it answers, by the kind of the request. */
export interface QueueReplies {
  readonly step: {
    readonly kind: 'stepped'
    readonly claimed: readonly Claimed[]
    /** When the next job is due of those queues of which more is wanted. */
    readonly next: number | undefined
  }
  readonly tend: { readonly kind: 'tended' }
  readonly counts: { readonly kind: 'counted'; readonly counts: readonly QueueCounts[] }
  readonly list: { readonly kind: 'listed'; readonly failed: readonly FailedRow[] }
  readonly retry: Stretch
  readonly forget: Stretch
  readonly close: {
    readonly kind: 'closed'
    /** Whether nothing in the file speaks of this worker any more, so that its lock is of no use. */
    readonly isGone: boolean
  }
}

export type QueueReply = QueueReplies[keyof QueueReplies] | ThreadFailure
