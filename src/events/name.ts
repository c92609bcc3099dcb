import { quote } from '../base/errors.ts'

/** The longest name of an event or a listener, in UTF-16 units. Names become log lines, SSE fields and keys in stores. */
export const maxNameLength = 200

// Every control character, not CR, LF and NUL alone: one line of a log or of a stream must stay one line.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacter = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

// UTF-8 cannot say it: stores and streams would have another name.
const halfPair = /\p{Cs}/u

/** What is wrong with `value` as a name, as the end of a sentence that began with the subject; or undefined. */
export function nameFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return `must be a string, not ${quote(value)}`
  if (value === '') return 'must not be empty'
  if (value.length > maxNameLength) return `has ${value.length} characters: the most is ${maxNameLength}`
  if (controlCharacter.test(value)) return `${quote(value)} holds a control character or a line break`
  if (halfPair.test(value)) return `${quote(value)} holds half of a surrogate pair`
  return undefined
}
