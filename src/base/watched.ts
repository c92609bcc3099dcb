import type { Trace } from './trace.ts'

/** An event, as those who watch are told of it. */
export interface WatchedEvent {
  readonly id: string
  readonly name: string
}

/** What `diagnostics_channel` adds to a message once the operation has ended. */
interface Ended<Result> {
  readonly result?: Result
  readonly error?: unknown
}

/** An event is dispatched: over when its listeners have run, and its jobs are with the queue. */
export interface Dispatch extends Ended<void> {
  readonly event: WatchedEvent
  /** What it continues, where it was dispatched elsewhere: by a transaction whose outbox is read here. */
  readonly trace?: Trace | undefined
}

/** A listener's function runs, inline or in a job. */
export interface ListenerRun extends Ended<unknown> {
  readonly event: WatchedEvent
  /** Its id, else the function's name, else 'anonymous'. */
  readonly listener: string
  /** Which run for this event it is, from 1. */
  readonly attempt: number
}

interface WatchedJob {
  readonly event: WatchedEvent
  readonly listener: string
  readonly queue: string
  readonly job: string
}

/** A job for a queued listener is given to the queue. */
export interface JobAdd extends WatchedJob, Ended<void> {}

/** What becomes of a job after a run. */
export interface JobOutcome {
  readonly kind: 'done' | 'retry' | 'failed' | 'returned'
  /** Of `retry`: in how many ms it is run again, at the soonest. */
  readonly after?: number
  readonly error?: unknown
}

/** A job runs. It ends with an outcome, and never with an error. */
export interface JobRun extends WatchedJob, Ended<JobOutcome> {
  readonly attempt: number
  /** When its first run was due, in ms since the Unix epoch: when the event was made, and the job's delay later. */
  readonly due: number
  /** That of the job's {@link JobAdd}, perhaps in another process. */
  readonly trace?: Trace | undefined
}

/** A message that was checked is given to the broker; the result is its position, or null where nothing keeps it. */
export interface Publish extends Ended<string | null> {
  readonly channels: readonly string[]
  /** The patterns under which these channels are declared, each once: `rooms.{room}`. There are few, and nothing in them is of a user. */
  readonly patterns: readonly string[]
  /** The event's name, if the message has one. */
  readonly event: string | undefined
}

/** A message was written to everyone who was live on one of its channels in this hub when it came in. */
export interface Deliver {
  /** Null for a message that no channel keeps. */
  readonly position: string | null
  /** Those of its channels that somebody here is live on. */
  readonly channels: readonly string[]
  readonly patterns: readonly string[]
  readonly event: string | undefined
  /** To how many. Those who catch up are not among them: they read it from the log. */
  readonly subscribers: number
  /** When the hub took it up, in ms since the Unix epoch. */
  readonly at: number
  /** How long it took from then until it was written for the last of them, in ms. */
  readonly duration: number
  /** That of its {@link Publish}, perhaps in another process. */
  readonly trace: Trace | undefined
}

/** What takes time, and is waited for; by the name after `tracing:millrace.`. */
export interface Operations {
  readonly dispatch: Dispatch
  readonly listener: ListenerRun
  readonly 'job.add': JobAdd
  readonly 'job.run': JobRun
  readonly publish: Publish
}

/** What subscribers of `diagnostics_channel` are given, by the name after `millrace.`; `docs/tracing.md` says when. */
export interface Diagnostics extends Operations {
  readonly deliver: Deliver
}
