import { MillraceError, quote } from '../base/errors.ts'
import { globMatcher } from '../base/glob.ts'
import { toJobOptions } from '../queue/options.ts'
import type { JobOptions } from '../queue/port.ts'
import type { AnyEventDefinition, Event } from './define.ts'
import type { Listener, ListenerContext, ListenOptions, ListenTarget, TargetEvent } from './listener.ts'
import { nameFault } from './name.ts'

/** A listener as it is registered: its options checked, its target by name. */
export interface Registration {
  readonly id: string | undefined
  /** Its name in reports. */
  readonly label: string
  /** The names it listens to, or a test of them. */
  readonly names: ReadonlySet<string> | ((name: string) => boolean)
  readonly once: boolean
  /** How its jobs are run, where it is queued. */
  readonly queue: JobOptions | undefined
  run(event: Event, context: ListenerContext): unknown
}

/** @throws {MillraceError} `listener_invalid`, `pattern_invalid`, `option_invalid`. */
export function toRegistration<Target extends ListenTarget>(
  target: Target,
  listener: Listener<TargetEvent<Target>>,
  { id, once = false, queue }: ListenOptions,
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
  return {
    id,
    label: id ?? (listener.name || 'anonymous'),
    names:
      typeof target === 'string'
        ? globMatcher(patternOf(target))
        : new Set(definitionsOf(target).map(({ name }) => name)),
    once,
    queue: queue === undefined ? undefined : toJobOptions(queue),
    // Its target is where it gets its events from, so what it receives is what it takes.
    run: (event, context) => (listener as Listener)(event, context),
  }
}

function definitionsOf(target: AnyEventDefinition | readonly AnyEventDefinition[]): readonly AnyEventDefinition[] {
  const definitions = typeof target === 'function' ? [target] : target
  if (!Array.isArray(definitions) || definitions.length === 0 || !definitions.every(isDefinition)) {
    throw invalid(
      `A listener listens to a definition made by defineEvent, a list of them, or a pattern such as 'Order*', ` +
        `not to ${Array.isArray(target) && target.length === 0 ? 'an empty list' : quote(target)}.`,
    )
  }
  return definitions
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
