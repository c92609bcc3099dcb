import { MillraceError, quote } from '../base/errors.ts'
import { jsonFault } from '../base/json.ts'
import { type Schema, validate } from '../base/schema.ts'
import { isReservedEventName } from '../sse/control.ts'
import { nameFault } from './name.ts'
import { currentRun } from './run.ts'

/** A fact of the application: what happened, to what, and when. Frozen; `data` is not. */
export interface Event<Name extends string = string, Data = unknown> {
  /** A UUID of its own. A listener that may be run twice for one event knows it again by this. */
  readonly id: string
  readonly name: Name
  readonly data: Data
  /** When it was made, in milliseconds since the Unix epoch. */
  readonly at: number
}

/** A declared event: call it with the data for an event of it. */
export interface EventDefinition<Name extends string = string, Input = never, Output = unknown> {
  /** @throws {MillraceError} `data_invalid` where the data does not fit the schema; `schema_asynchronous`. */
  (data: Input): Event<Name, Output>
  readonly name: Name
  // Not `Schema<Input, Output>`: Input would then stand on both sides of the definition, and no type but `any` would
  // admit definitions of all inputs. The call above says what goes in.
  readonly schema: Schema<unknown, Output> | undefined
  /** Whether `value` is an event of this name, made by whichever copy of the definition. */
  is(value: unknown): value is Event<Name, Output>
}

/** A definition of any event: the type of parameters that take one, or a list of them. */
export type AnyEventDefinition = EventDefinition<string, never, unknown>

/** The events that `Definition` makes. */
export type EventOf<Definition> = Definition extends ((data: never) => infer Made extends Event) ? Made : never

/** What an event was made of. */
export interface Origin {
  readonly schema: Schema<unknown, unknown> | undefined
  /** What the definition was called with. */
  readonly input: unknown
}

// Registered, so that two copies of this package in one process know each other's events. It tells an event from a
// look-alike by mistake, not from one in bad faith: anybody can write this key (and no JSON can).
const brand = Symbol.for('millrace.event')

/** Whether `value` was made by a definition. A copy of an event by spread or JSON is not one. */
export function isEvent(value: unknown): value is Event {
  return typeof value === 'object' && value !== null && Reflect.get(value, brand) !== undefined
}

/** @throws {MillraceError} `event_invalid` for what no definition made: it comes from a program without types, or from a cast. */
export function assertEvent(value: unknown): asserts value is Event {
  if (isEvent(value)) return
  const message =
    typeof value === 'function'
      ? 'Only an event can be dispatched, not a function. Did you mean to call the definition: NewMessage(data)?'
      : `Only an event can be dispatched, not ${quote(value)}. Make it by calling a definition, and do not copy it.`
  throw new MillraceError('event_invalid', message)
}

/** Makes an event of its fields, unchecked: for definitions, and for what gets its events back from JSON. */
export function sealEvent<Name extends string, Data>(
  { id, name, data, at }: Event<Name, Data>,
  origin: Origin,
): Event<Name, Data> {
  const event = { id, name, data, at }
  // Not enumerable, so that a spread copy with other, unchecked data is no event.
  Object.defineProperty(event, brand, { value: origin })
  return Object.freeze(event)
}

/** What a definition made the event of. */
export function originOf(event: Event): Origin {
  return Reflect.get(event, brand)
}

/**
 * Declares an event. Its name is its identity, so it must be the only one of that name in the application.
 *
 * - `defineEvent('NewMessage', schema)`: data is checked and transformed by any Standard Schema (zod, valibot, arktype)
 *   each time an event is made; the event carries the schema's output. The schema must answer in one step.
 * - `defineEvent<{ room: string }>('NewMessage')`: data is checked by the compiler alone. As TypeScript infers either
 *   all type arguments or none, the name's type is `string` here: definitions are told apart by their data only.
 * - `defineEvent('Restarted')`: an event without data, made by `Restarted()`.
 *
 * A name has 1 to 200 characters, none of them a control character, and is not reserved: it becomes the `event:` field
 * of a stream, where `open`, `error` and what begins with `millrace:` have a meaning already.
 *
 * @throws {MillraceError} `event_invalid` for a name that cannot be one.
 */
export function defineEvent<Data = void>(name: string): EventDefinition<string, Data, Data>
export function defineEvent<const Name extends string, Input, Output>(
  name: Name,
  schema: Schema<Input, Output>,
): EventDefinition<Name, Input, Output>
export function defineEvent(name: string, schema?: Schema<unknown, unknown>): AnyEventDefinition {
  const fault = nameFault(name) ?? (isReservedEventName(name) ? `${quote(name)} is reserved` : undefined)
  if (fault !== undefined) throw new MillraceError('event_invalid', `The name of an event ${fault}. Give it another.`)

  const make = (input: unknown): Event => {
    const data = schema === undefined ? input : validate(schema, input, `event ${quote(name)}`)
    return sealEvent({ id: newId(name, data), name, data, at: Date.now() }, { schema, input })
  }
  // A function's own `name` cannot be assigned, only redefined.
  Object.defineProperty(make, 'name', { value: name, enumerable: true })
  return Object.assign(make, {
    schema,
    is: (value: unknown): value is Event => isEvent(value) && value.name === name,
  })
}

/** One of its own; within work that may be repeated, the same each time. */
function newId(name: string, data: unknown): string {
  const run = currentRun()
  if (run === undefined || jsonFault(data, 'data') !== undefined) return globalThis.crypto.randomUUID()
  return run.uuidOf(JSON.stringify(['event', name, data]))
}
