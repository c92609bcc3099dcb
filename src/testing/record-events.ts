import type { Events } from '../events/api.ts'
import type { Event } from '../events/define.ts'
import { type DispatchedEvents, dispatchedIn } from './dispatched.ts'
import { intercept, type RunOption } from './interception.ts'

export interface RecordEventsOptions {
  /** Whether the listeners run, as with `fakeEvents`. @default true */
  readonly run?: RunOption
}

/** What was dispatched while it was recorded. */
export interface RecordedEvents extends DispatchedEvents {
  /** Ends it: the events are as they were. What was recorded can still be asked. */
  undo(): void
}

/**
 * Writes down what is dispatched by the application's own `events`, where a test cannot put others in their place: it stands before
 * `dispatch`, `dispatchStored` and `buffer` of this very object until `undo` is called. With `run: false` nothing is done but that.
 *
 * Of several recordings of one object, undo the latest first.
 */
export function recordEvents(events: Events, { run = true }: RecordEventsOptions = {}): RecordedEvents {
  const dispatched: Event[] = []
  const interception = intercept(events, (event) => dispatched.push(event), run)
  const before = Object.keys(interception).map((name) => [name, Object.getOwnPropertyDescriptor(events, name)] as const)
  Object.assign(events, interception)

  return {
    ...dispatchedIn(dispatched),
    undo() {
      for (const [name, own] of before) {
        if (own === undefined) Reflect.deleteProperty(events, name)
        else Object.defineProperty(events, name, own)
      }
    },
  }
}
