import { MillraceError, quote } from '../base/errors.ts'
import { type JsonFault, jsonFault } from '../base/json.ts'
import { type Schema, validate } from '../base/schema.ts'
import { currentTrace } from '../base/tracer.ts'
import type { StoredEvent } from '../queue/job.ts'
import { type Event, originOf, sealEvent } from './define.ts'

/**
 * The event as JSON that can be kept, checked again and made an event again.
 *
 * Data that its schema takes and leaves as it is, is kept. Where the schema makes something else of its input (a `Date` of a string), the
 * input is kept, and the schema makes it again; the data as well, if it is JSON, for who listens by a pattern and knows no schema.
 *
 * Where somebody traces, what runs now is kept as what the event is part of.
 *
 * @param purpose The end of the sentence "Event X cannot be ..."
 * @throws {MillraceError} `job_invalid` with `data.path`, where neither the data nor the input is JSON.
 */
export function toStored(event: Event, purpose: string): StoredEvent {
  const stored = toJson(event, purpose)
  const trace = currentTrace()
  return trace === undefined ? stored : { ...stored, trace }
}

function toJson(event: Event, purpose: string): StoredEvent {
  const { id, name, at, data } = event
  const { schema, input } = originOf(event)
  const fault = jsonFault(data, 'data')
  if (schema === undefined || (fault === undefined && isSettled(schema, data))) {
    if (fault !== undefined) throw notJson(event, purpose, fault)
    return { id, name, at, data }
  }
  const kept = fault === undefined ? { data } : {}
  if (input !== undefined && jsonFault(input, 'input') === undefined) return { id, name, at, input, ...kept }
  if (fault !== undefined) throw notJson(event, purpose, fault)
  return { id, name, at, data, unchecked: true }
}

/**
 * The event again, its data checked by the schema of today.
 *
 * @param schema Of the definition that the listener was registered with; undefined where it knows none
 * @throws {MillraceError} `data_invalid` where the data does not fit (any more); `schema_asynchronous`; `job_invalid` where only the
 * input was kept, and there is no schema to make the data of it.
 */
export function fromStored(stored: StoredEvent, schema: Schema<unknown, unknown> | undefined): Event {
  const { id, name, at } = stored
  const input = 'input' in stored ? stored.input : stored.data
  const data = schema === undefined || stored.unchecked ? dataOf(stored) : validate(schema, input, subjectOf(stored))
  return sealEvent({ id, name, data, at }, { schema, input })
}

function dataOf(stored: StoredEvent): unknown {
  if ('data' in stored || !('input' in stored)) return stored.data
  throw new MillraceError(
    'job_invalid',
    `The data of ${subjectOf(stored)} is not JSON, and its listener knows no schema to make it of what was kept. ` +
      'Listen to the definition, and not by a pattern.',
  )
}

function subjectOf({ id, name }: StoredEvent): string {
  return `event ${quote(name)} (${id}), as it was kept,`
}

/** Whether the schema takes the data that it gave, and gives the same. */
function isSettled(schema: Schema<unknown, unknown>, data: unknown): boolean {
  const result = schema['~standard'].validate(data)
  if (result instanceof Promise || result.issues !== undefined) return false
  return jsonFault(result.value, 'data') === undefined && JSON.stringify(result.value) === JSON.stringify(data)
}

function notJson({ name }: Event, purpose: string, { path, what }: JsonFault): MillraceError {
  return new MillraceError(
    'job_invalid',
    `Event ${quote(name)} cannot be ${purpose}: ${path} is ${what}, which JSON does not keep. Carry it as a string, number, list or ` +
      'plain object, or let its schema make it of one; or listen inline.',
    { data: { path } },
  )
}
