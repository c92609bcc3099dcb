/**
 * An event as JSON: what a job, or a row of an outbox, keeps of it. `src/events/stored.ts` makes it, and an event of it again.
 *
 * It has `data` where that fits the event's schema as it stands; or the schema's `input`, where the schema made something else of it,
 * and then `data` only for who listens without the schema.
 */
export interface StoredEvent {
  readonly id: string
  readonly name: string
  /** When it was made, in ms since the Unix epoch. */
  readonly at: number
  readonly data?: unknown
  readonly input?: unknown
  /** Set where `data` cannot be checked again: the schema does not take what it gives, and its input is not JSON. */
  readonly unchecked?: true
  /** The trace that it is part of: what a propagator of OpenTelemetry wrote. */
  readonly trace?: Readonly<Record<string, string>>
}

/**
 * One event for one queued listener, and how it is run. It is JSON, and stays the same through `JSON.parse(JSON.stringify(job))`: a job
 * outlives the process that made it, so it carries all that was said when it was made.
 */
export interface Job {
  /** `<event id>/<listener id>`: the same event for the same listener is the same job. */
  readonly id: string
  /** The queue's name: each has its own order and its own share of the work. */
  readonly queue: string
  /** The listener's id; by it the worker, perhaps in another process or a later one, finds the function. */
  readonly listener: string
  readonly event: StoredEvent
  /** How long it waits at least before its first run, in ms. */
  readonly delay: number
  /** How often it is run at most. */
  readonly attempts: number
  /** How long it waits after the first failed run, the second and so on, in ms; the last stands for all that follow. Never empty. */
  readonly backoff: readonly number[]
  /** How long a run may take, in ms. */
  readonly timeout?: number
  /** No run begins after this moment, in ms since the Unix epoch. */
  readonly until?: number
  /** While a job with the same one is kept, this one is not taken. */
  readonly unique?: string
}
