import type { QueueOptions } from '../queue/port.ts'
import type { AnyEventDefinition, Event, EventOf } from './define.ts'

/** What a listener is told besides the event. */
export interface ListenerContext {
  /** Which run for this event it is, from 1. Above 1 only for a queued listener whose earlier runs failed. */
  readonly attempt: number
}

/**
 * A function run for an event. A promise it returns is awaited; what it returns is not used.
 *
 * The result is `unknown` rather than `void`, so that `({ data }) => hub.publish(...)` is a listener as it stands.
 */
export type Listener<Received extends Event = Event> = (event: Received, context: ListenerContext) => unknown

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
}

export interface QueuedListenerOptions {
  /** Required, unique and stable: a job outlives the process that made it, and finds its listener by this. */
  readonly id: string
  /** Runs it by the queue, away from the dispatch. `true` for the defaults. */
  readonly queue: true | QueueOptions
  /** Removes the listener when it aborts; its jobs that still wait then fail with `listener_unknown`. */
  readonly signal?: AbortSignal
  /** A queued listener cannot be: nothing durable remembers that it has run. */
  readonly once?: false
}

export type ListenOptions = InlineListenerOptions | QueuedListenerOptions
