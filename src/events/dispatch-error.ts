import { MillraceError, quote } from '../base/errors.ts'
import type { Event } from './define.ts'

/** One listener's failure. */
export interface ListenerFailure {
  /** Its id, else the function's name, else 'anonymous'. */
  readonly listener: string
  /** What it threw, or what the queue answered when it would not take its job. */
  readonly error: unknown
}

/**
 * Some listeners of a dispatched event failed; the others have run.
 *
 * Its `cause` is what the listener threw; where several failed, an `AggregateError` of what they threw, in order.
 */
export class DispatchError extends MillraceError {
  override readonly name = 'DispatchError'
  readonly event: Event
  readonly failures: readonly ListenerFailure[]

  constructor(event: Event, failures: readonly ListenerFailure[], ran: number) {
    const list = failures.map(({ listener, error }) => `${listener}: ${reasonOf(error)}`).join('; ')
    const errors = failures.map(({ error }) => error)
    super(
      'listener_failed',
      `${failures.length} of ${ran} listeners of event ${quote(event.name)} (${event.id}) failed. ${list}`,
      {
        cause: errors.length === 1 ? errors[0] : new AggregateError(errors, list),
        data: { id: event.id, event: event.name, listeners: failures.map(({ listener }) => listener) },
      },
    )
    this.event = event
    this.failures = failures
  }
}

/** What was thrown, in words: listeners throw what they like. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : quote(error)
}
