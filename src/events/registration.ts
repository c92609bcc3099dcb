import { MillraceError, quote } from '../base/errors.ts'
import { globMatcher } from '../base/glob.ts'
import { listenerProbe } from '../base/probe.ts'
import type { Schema } from '../base/schema.ts'
import type { AnyEventDefinition, Event } from './define.ts'
import type { JobContext, ListenerContext, ListenerInfo, ListenOptions, ListenTarget } from './listener.ts'
import { nameFault } from './name.ts'
import { type Queueing, toQueueing } from './queueing.ts'

/** A listener as it is registered: its options checked, its target by name. */
export interface Registration extends ListenerInfo {
  /** The names it listens to, or a test of them. */
  readonly names: ReadonlySet<string> | ((name: string) => boolean)
  readonly queue: Queueing | undefined
  run(event: Event, context: ListenerContext | JobContext): unknown
  /** Called for each job of it that is given up. */
  readonly onFailed: ((event: Event, error: unknown) => unknown) | undefined
  /** By which the data of an event of that name is checked; undefined where it was registered by a pattern, or there is none. */
  schemaOf(name: string): Schema<unknown, unknown> | undefined
}

/** @throws {MillraceError} `listener_invalid`, `pattern_invalid`, `option_invalid`. */
export function toRegistration(
  target: ListenTarget,
  listener: (event: never, context: never) => unknown,
  { id, once = false, queue, onFailed }: ListenOptions<never>,
): Registration {
  if (typeof listener !== 'function') throw invalid(`A listener must be a function, not ${quote(listener)}.`)
  const fault = id === undefined ? undefined : nameFault(id)
  if (fault !== undefined) throw invalid(`The id of a listener ${fault}.`)
  if (queue !== undefined && id === undefined) {
    throw invalid("A queued listener needs an id: its jobs outlive the process and find it by that. Add { id: '...' }.")
  }
  if (queue !== undefined && once) {
    throw invalid(`Listener ${quote(id)} cannot be both once and queued: nothing durable remembers that it has run.`)
  }
  if (onFailed !== undefined && (typeof onFailed !== 'function' || queue === undefined)) {
    throw invalid(
      'onFailed must be a function, of a queued listener: what an inline one throws, the dispatch rejects with.',
    )
  }
  const definitions = typeof target === 'string' ? undefined : definitionsOf(target)
  const label = id ?? (listener.name || 'anonymous')
  // Its target is where it gets its events from, so what it receives is what it takes.
  const run = (event: Event, context: unknown) => listener(event as never, context as never)
  return {
    id,
    label,
    target: definitions ?? patternOf(target as string),
    names: definitions === undefined ? globMatcher(target as string) : new Set(definitions.map(({ name }) => name)),
    once,
    queue: queue === undefined ? undefined : toQueueing(queue as true),
    run(event, context) {
      if (!listenerProbe.isWatched) return run(event, context)
      const message = { event: { id: event.id, name: event.name }, listener: label, attempt: context.attempt }
      return listenerProbe.run(message, async () => run(event, context))
    },
    onFailed: onFailed as Registration['onFailed'],
    schemaOf: (name) => definitions?.find((definition) => definition.name === name)?.schema,
  }
}

function definitionsOf(target: Exclude<ListenTarget, string>): readonly AnyEventDefinition[] {
  const definitions = typeof target === 'function' ? [target] : target
  if (!Array.isArray(definitions) || definitions.length === 0 || !definitions.every(isDefinition)) {
    throw invalid(
      `A listener listens to a definition made by defineEvent, a list of them, or a pattern such as 'Order*', ` +
        `not to ${Array.isArray(target) && target.length === 0 ? 'an empty list' : quote(target)}.`,
    )
  }
  return [...definitions]
}

/** By shape, for the definition may come from another copy of this package. */
function isDefinition(value: unknown): value is AnyEventDefinition {
  return typeof value === 'function' && 'is' in value && typeof value.is === 'function'
}

function invalid(message: string): MillraceError {
  return new MillraceError('listener_invalid', message)
}

function patternOf(target: string): string {
  if (target !== '') return target
  throw new MillraceError(
    'pattern_invalid',
    "A pattern of event names must not be empty. Did you mean '*', any event, or a name such as 'Order*'?",
  )
}
