import type { AnyEventDefinition, Event, EventOf } from './define.ts'
import type { QueueOptions } from './queueing.ts'

/** What a listener is told besides the event. */
export interface ListenerContext<Received extends Event = Event> {
  readonly event: Received
  /** Which run for this event it is, from 1. Above 1 only for a queued listener that was run before. */
  readonly attempt: number
}

/** What a queued listener is told besides the event. */
export interface JobContext<Received extends Event = Event> extends ListenerContext<Received> {
  /** Aborts when the run's `timeout` has passed (`listener_timeout`), or when the worker stops and waits no longer (`worker_stopped`). */
  readonly signal: AbortSignal
  /**
   * Says that this run has not done it: the job is run again in so many ms, if it has an attempt left, whatever the listener then
   * returns or throws. It does not end the function: `return retry(5_000)`. @param after @default as `backoff` says
   */
  retry(after?: number, error?: unknown): void
  /** Says that no run will do it: the job is given up, with this error. It does not end the function: `return fail('No such user')`. */
  fail(error?: unknown): void
}

/**
 * A function run for an event. A promise it returns is awaited; what it returns is not used.
 *
 * The result is `unknown` rather than `void`, so that `({ data }) => hub.publish(...)` is a listener as it stands.
 */
export type Listener<Received extends Event = Event> = (event: Received, context: ListenerContext<Received>) => unknown

/** A {@link Listener} that is run by a queue. */
export type QueuedListener<Received extends Event = Event> = (event: Received, context: JobContext<Received>) => unknown

/** One definition, several, or a pattern of names: `'*'` any event, `'Order*'` those that begin so. */
export type ListenTarget = string | AnyEventDefinition | readonly AnyEventDefinition[]

/** The events that a listener on `Target` receives: with a pattern, any. */
export type TargetEvent<Target extends ListenTarget> = Target extends string
  ? Event
  : Target extends readonly (infer Definition)[]
    ? EventOf<Definition>
    : EventOf<Target>

export interface InlineListenerOptions {
  /** Its name in reports; must be the only one. @default the function's own name, else 'anonymous' */
  readonly id?: string
  /** Whether it ends with the first event. It is removed before it runs. @default false */
  readonly once?: boolean
  /** Removes the listener when it aborts; one that has aborted already registers nothing. */
  readonly signal?: AbortSignal
  readonly queue?: undefined
  readonly onFailed?: undefined
}

export interface QueuedListenerOptions<Received extends Event = Event> {
  /** Required, unique and stable: a job outlives the process that made it, and finds its listener by this. */
  readonly id: string
  /** Runs it by the queue, away from the dispatch. `true` for the defaults. */
  readonly queue: true | QueueOptions<Received>
  /**
   * Called when a job of it is given up, once that is kept; in the process that ran it. What it throws goes to `onError`. Not called
   * where the data does not fit the schema any more: then there is no event.
   */
  readonly onFailed?: (event: Received, error: unknown) => unknown
  /** Removes the listener when it aborts; its jobs that still wait then fail with `listener_unknown`. */
  readonly signal?: AbortSignal
  /** A queued listener cannot be: nothing durable remembers that it has run. */
  readonly once?: false
}

export type ListenOptions<Received extends Event = Event> = InlineListenerOptions | QueuedListenerOptions<Received>

/** A listener as it is registered, for those who list them. */
export interface ListenerInfo {
  readonly id: string | undefined
  /** Its name in reports. */
  readonly label: string
  /** What it was registered for: a pattern of names, or definitions. */
  readonly target: string | readonly AnyEventDefinition[]
  readonly once: boolean
  /** How its jobs are run, where it is queued. */
  readonly queue:
    | undefined
    | {
        readonly name: string
        readonly delay: number
        readonly attempts: number
        readonly backoff: readonly number[]
        readonly timeout: number | undefined
      }
}
