import { MillraceError, quote } from '../base/errors.ts'
import type { Job, JobEvent } from './port.ts'

/**
 * The job of one listener for one event.
 *
 * Data that JSON would change is refused, with every driver and at once: else a listener would get a string where its
 * type says `Date`, and only once the queue is a durable one.
 *
 * @throws {MillraceError} `job_invalid` with `data.path`.
 */
export function toJob({ id, name, data, at }: JobEvent, listener: string): Job {
  const fault = faultIn(data, 'data', new Set())
  if (fault !== undefined) {
    throw new MillraceError(
      'job_invalid',
      `Event ${quote(name)} cannot be queued for listener ${quote(listener)}: ${fault.path} is ${fault.what}, which ` +
        'JSON does not keep. Carry it as a string, number, list or plain object, or listen inline.',
      { data: { path: fault.path } },
    )
  }
  return { id: `${id}/${listener}`, listener, event: { id, name, data, at } }
}

interface Fault {
  readonly path: string
  readonly what: string
}

/** The first thing in `value` that does not come back from JSON as it went. `above` are the objects it is inside of. */
function faultIn(value: unknown, path: string, above: Set<object>): Fault | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  // A property that is undefined goes missing, and reads as undefined again. In a list it would turn into null.
  if (value === undefined) return path.endsWith(']') ? { path, what: 'undefined' } : undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : { path, what: String(value) }
  if (typeof value !== 'object') return { path, what: `a ${typeof value}` }
  if (above.has(value)) return { path, what: 'a part of itself' }

  above.add(value)
  const fault = Array.isArray(value) ? faultInList(value, path, above) : faultInObject(value, path, above)
  above.delete(value)
  return fault
}

function faultInList(list: readonly unknown[], path: string, above: Set<object>): Fault | undefined {
  for (const [index, item] of list.entries()) {
    const fault = faultIn(item, `${path}[${index}]`, above)
    if (fault !== undefined) return fault
  }
  return undefined
}

function faultInObject(object: object, path: string, above: Set<object>): Fault | undefined {
  if (!isPlain(object)) return { path, what: `a ${object.constructor?.name || 'class instance'}` }
  for (const [key, item] of Object.entries(object)) {
    const fault = faultIn(item, `${path}.${key}`, above)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** By shape and not by `Object.prototype`, for objects of another realm (a vm context, a frame) are as plain. */
function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object)
  return prototype === null || (typeof prototype === 'object' && Object.getPrototypeOf(prototype) === null)
}
