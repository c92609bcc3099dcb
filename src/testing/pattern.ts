import { isDeepStrictEqual } from 'node:util'
import { isPlain } from '../base/json.ts'

/**
 * What data is to look like. Of an object, the members that are named; of a list, as many items; anything else as it is. In the place of
 * each may stand an asymmetric matcher, such as `expect.any(String)`.
 */
export type DataPattern<Data> = Data extends readonly (infer Item)[]
  ? readonly DataPattern<Item>[]
  : Data extends Date
    ? Data
    : Data extends object
      ? { readonly [Key in keyof Data]?: DataPattern<Data[Key]> }
      : Data

/** Which of what was recorded is meant: a test of it, or what its data looks like. */
export type Filter<Recorded extends { readonly data: unknown }> =
  | ((recorded: Recorded) => boolean)
  | DataPattern<Recorded['data']>

/** Of what was not typed when it was compiled. */
export type AnyFilter = ((recorded: never) => boolean) | unknown

/** A filter that is `undefined`, or left out, is one that takes all. */
export function isMeant(recorded: { readonly data: unknown }, filter: AnyFilter): boolean {
  if (filter === undefined) return true
  return typeof filter === 'function' ? filter(recorded) === true : fits(recorded.data, filter)
}

export function fits(value: unknown, pattern: unknown): boolean {
  if (isAsymmetric(pattern)) return pattern.asymmetricMatch(value) === true
  if (Array.isArray(pattern)) {
    return (
      Array.isArray(value) &&
      value.length === pattern.length &&
      pattern.every((item, index) => fits(value[index], item))
    )
  }
  if (typeof pattern !== 'object' || pattern === null || !isPlain(pattern)) return isDeepStrictEqual(value, pattern)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(pattern).every(([key, wanted]) => fits(Reflect.get(value, key), wanted))
}

/** As vitest, jest and sinon have them. */
function isAsymmetric(pattern: unknown): pattern is { asymmetricMatch(value: unknown): unknown } {
  return (
    typeof pattern === 'object' &&
    pattern !== null &&
    'asymmetricMatch' in pattern &&
    typeof pattern.asymmetricMatch === 'function'
  )
}
