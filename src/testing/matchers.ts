import type { AnyEventDefinition, EventOf } from '../events/define.ts'
import { type DispatchedEvents, findDispatched, findDispatchedTimes } from './dispatched.ts'
import { explain, type Finding } from './finding.ts'
import type { MessageFor } from './message.ts'
import type { Filter } from './pattern.ts'
import { findPublished, type PublishedMessages } from './published.ts'
import { findQueued, type JobFilter, type QueuedJobs } from './queued.ts'
import { findReceived, type TestClient } from './test-client.ts'

/** What `expect(...)` has after `expect.extend(millraceMatchers)`. For the types of vitest import `millrace/vitest`. */
export interface MillraceMatchers<Result = void> {
  /** Of `fakeEvents` or `recordEvents`. */
  toHaveDispatched<Definition extends AnyEventDefinition>(
    definition: Definition,
    filter?: Filter<EventOf<Definition>>,
  ): Result
  /** So often, no more and no less. */
  toHaveDispatchedTimes<Definition extends AnyEventDefinition>(
    definition: Definition,
    times: number,
    filter?: Filter<EventOf<Definition>>,
  ): Result
  /** Of `fakeEvents`: a job of the listener with this id. */
  toHaveQueued(listener: string, filter?: JobFilter): Result
  /** Of `testHub`: anything on the channel; an event of a definition; or what looks like this. */
  toHavePublished<Definition extends AnyEventDefinition>(
    channel: string,
    definition: Definition,
    filter?: Filter<MessageFor<EventOf<Definition>>>,
  ): Result
  toHavePublished(channel: string, data?: unknown): Result
  /** Of a client of `testHub`: anything; an event of a definition; or what looks like this. */
  toHaveReceived<Definition extends AnyEventDefinition>(
    definition: Definition,
    filter?: Filter<MessageFor<EventOf<Definition>>>,
  ): Result
  toHaveReceived(data?: unknown): Result
}

/** As vitest, jest and others take it. */
export interface MatcherResult {
  readonly pass: boolean
  readonly message: () => string
}

/** For `expect.extend` of vitest, jest and whatever has the same. */
export const millraceMatchers = {
  toHaveDispatched: (received: DispatchedEvents, definition: AnyEventDefinition, filter?: unknown) =>
    toResult(findDispatched(ask(received, 'dispatched', 'fakeEvents() or recordEvents()'), definition, filter)),
  toHaveDispatchedTimes: (
    received: DispatchedEvents,
    definition: AnyEventDefinition,
    times: number,
    filter?: unknown,
  ) =>
    toResult(
      findDispatchedTimes(ask(received, 'dispatched', 'fakeEvents() or recordEvents()'), definition, times, filter),
    ),
  toHaveQueued: (received: QueuedJobs, listener: string, filter?: unknown) =>
    toResult(findQueued(ask(received, 'queued', 'fakeEvents()'), listener, filter)),
  toHavePublished: (received: PublishedMessages, channel: string, what?: unknown, filter?: unknown) =>
    toResult(findPublished(ask(received, 'published', 'testHub()'), channel, what, filter)),
  toHaveReceived: (received: Pick<TestClient, 'received'>, what?: unknown, filter?: unknown) =>
    toResult(findReceived(ask(received, 'received', 'await hub.connect()'), what, filter)),
}

/** All that `received` has written down. @throws {TypeError} for what is not such a thing: of real events nobody knows what they dispatched */
function ask<Name extends string, Recorded>(
  received: { readonly [Key in Name]: () => readonly Recorded[] },
  name: Name,
  made: string,
): readonly Recorded[] {
  if (typeof received?.[name] === 'function') return received[name]()
  throw new TypeError(`This matcher looks at what ${made} gives, and not at ${String(received)}.`)
}

function toResult(finding: Finding): MatcherResult {
  const { isFound } = finding
  // It is shown where the result is not what was expected: a match, where none was.
  return { pass: isFound, message: () => explain(finding, isFound) }
}
