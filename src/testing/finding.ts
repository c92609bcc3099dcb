import { AssertionError } from 'node:assert'
import { inspect } from 'node:util'

/** As many lines as a message shows of what there was. */
const maxLines = 20

/** What was looked for, and whether it was there: for assertions and for matchers, which say the same. */
export interface Finding {
  readonly isFound: boolean
  /** What it is about: `OrderPlaced`. */
  readonly subject: string
  /** What was expected of it: `to have been dispatched with { total: 5 }`. */
  readonly expected: string
  /** How often it was there, where that is what is asked. */
  readonly times?: number
  /** What there was, as the beginning of a sentence: `Dispatched`, `Published on rooms.1`. */
  readonly title: string
  /** A line for each. */
  readonly there: readonly string[]
}

/** @throws {AssertionError} that says what there was instead */
export function assertFound(finding: Finding): void {
  if (!finding.isFound) throw failure(finding, false, assertFound)
}

/** @throws {AssertionError} */
export function assertNotFound(finding: Finding): void {
  if (finding.isFound) throw failure(finding, true, assertNotFound)
}

/** What is said where it is not as expected. @param isNegated Whether it was expected not to be there */
export function explain({ subject, expected, times, title, there }: Finding, isNegated: boolean): string {
  const found = isNegated ? 'it was' : times === undefined ? 'it was not' : `it was ${countOf(times)}`
  return `Expected ${subject} ${isNegated ? 'not ' : ''}${expected}, and ${found}. ${list(title, there)}`
}

function list(title: string, there: readonly string[]): string {
  if (there.length === 0) return `${title}: nothing.`
  const shown = there.slice(-maxLines).map((line) => `\n  ${line}`)
  const left = there.length - shown.length
  return `${title}${left > 0 ? `, after ${left} others` : ''}:${shown.join('')}`
}

export function countOf(times: number): string {
  return times === 0 ? 'never' : times === 1 ? 'once' : `${times} times`
}

/** `NewMessage { text: 'Hello' }` */
export function show(name: string, data: unknown): string {
  return data === undefined ? name : `${name} ${showData(data)}`
}

/** How the filter of an expectation reads: ` with { total: 5 }`, or nothing. */
export function showFilter(filter: unknown): string {
  if (filter === undefined) return ''
  return typeof filter === 'function' ? ` as ${filter.name || 'the function'} wants it` : ` with ${showData(filter)}`
}

function showData(data: unknown): string {
  return inspect(data, { depth: 6, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 200, maxArrayLength: 20 })
}

function failure(finding: Finding, isNegated: boolean, stackStartFn: typeof assertFound): AssertionError {
  return new AssertionError({ message: explain(finding, isNegated), operator: 'millrace', stackStartFn })
}
