import type { AnyEventDefinition, EventOf } from '../events/define.ts'
import type { Gap } from '../sse/control.ts'
import type { Finding } from './finding.ts'
import { findMessage, type Message, type MessageFor } from './message.ts'
import type { Filter } from './pattern.ts'

export interface ConnectOptions {
  /** The id of the last message that was seen: what comes after it is sent first. */
  readonly lastEventId?: string
  /** Without one: what was published since then, as `?since=` has it: `'10m'`, a time in ms or as ISO 8601. */
  readonly since?: string | number
  /** For the `authorize` of private channels, such as `{ cookie: 'session=ada' }`. */
  readonly headers?: Readonly<Record<string, string>>
  /** The same, in the URL. */
  readonly query?: Readonly<Record<string, string>>
  /** The same, in the place of the platform's own request: `{ user: { id: 'ada' } }`. */
  readonly raw?: unknown
  /** How long `next` and `untilGap` wait, in ms of real time, before they fail and say what came instead. @default 2_000 */
  readonly timeout?: number
}

/** A reader of a hub, as a browser's `EventSource` is one: its stream goes through the real encoder and parser, and no socket. */
export interface TestClient<Received extends Message = Message> {
  /** All that it has received, in order, over all its connections. */
  readonly messages: readonly Received[]
  /** Those of a definition, or those that a function or their data says; all without either. */
  received<Definition extends AnyEventDefinition>(
    definition: Definition,
    filter?: Filter<MessageFor<EventOf<Definition>>>,
  ): readonly MessageFor<EventOf<Definition>>[]
  received(filter?: Filter<Received>): readonly Received[]
  /** @throws {AssertionError} that lists what was received instead */
  assertReceived<Definition extends AnyEventDefinition>(
    definition: Definition,
    filter?: Filter<MessageFor<EventOf<Definition>>>,
  ): void
  assertReceived(filter?: Filter<Received>): void
  /** @throws {AssertionError} */
  assertNotReceived<Definition extends AnyEventDefinition>(
    definition: Definition,
    filter?: Filter<MessageFor<EventOf<Definition>>>,
  ): void
  assertNotReceived(filter?: Filter<Received>): void
  /**
   * The first message that `next` has not given yet, once it is there; with a definition, the first of that, and those before it are
   * passed over.
   *
   * @throws {AssertionError} where none comes in time, or the stream ends
   */
  next(): Promise<Received>
  next<Definition extends AnyEventDefinition>(definition: Definition): Promise<MessageFor<EventOf<Definition>>>
  /** What it was told is missing, in order. */
  readonly gaps: readonly Gap[]
  /** The first gap that this has not given yet, once it is there. @throws {AssertionError} as `next` */
  untilGap(): Promise<Gap>
  /** The cursor that it would come back with. */
  readonly lastEventId: string
  /** Whether its stream goes on. */
  readonly isOpen: boolean
  /** Goes away, as a page does that is closed, or has lost its connection. */
  disconnect(): void
  /** Comes back with its cursor, as a browser does, after `disconnect` if need be. @throws {MillraceError} as when it connects */
  reconnect(): Promise<void>
}

export function findReceived(messages: readonly Message[], what: unknown, filter: unknown): Finding {
  return findMessage(messages, what, filter, 'to have been received', 'Received')
}
