/** Something that does not come back from JSON as it went, and where it is: `data.items[2].at`. */
export interface JsonFault {
  readonly path: string
  readonly what: string
}

/** The first thing in `value` that JSON does not keep, or undefined. `path` names the value itself. */
export function jsonFault(value: unknown, path: string): JsonFault | undefined {
  return faultIn(value, path, new Set())
}

/** `above` are the objects that `value` is inside of. */
function faultIn(value: unknown, path: string, above: Set<object>): JsonFault | undefined {
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

function faultInList(list: readonly unknown[], path: string, above: Set<object>): JsonFault | undefined {
  for (const [index, item] of list.entries()) {
    const fault = faultIn(item, `${path}[${index}]`, above)
    if (fault !== undefined) return fault
  }
  return undefined
}

function faultInObject(object: object, path: string, above: Set<object>): JsonFault | undefined {
  if (!isPlain(object)) return { path, what: `a ${object.constructor?.name || 'class instance'}` }
  for (const [key, item] of Object.entries(object)) {
    const fault = faultIn(item, `${path}.${key}`, above)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** By shape and not by `Object.prototype`, for objects of another realm (a vm context, a frame) are as plain. */
export function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object)
  return prototype === null || (typeof prototype === 'object' && Object.getPrototypeOf(prototype) === null)
}
