import { MillraceError, quote } from '../base/errors.ts'
import type { FileNameStyle } from '../config/config.ts'

/** Words that no variable may be called by, in modules. */
const reserved = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for ' +
    'function if implements import in instanceof interface let new null package private protected public return static super switch ' +
    'this throw true try typeof undefined var void while with yield'
  ).split(' '),
)

/**
 * @param what it is the name of, for the error
 * @throws {MillraceError} `option_invalid`
 */
export function assertPascalCase(name: string, what: string): void {
  if (/^[A-Z][A-Za-z0-9]*$/.test(name) && name.length <= 100) return
  const better = toPascalCase(wordsOf(name))
  const hint = /^[A-Z]/.test(better) ? ` Did you mean ${better}?` : ''
  throw new MillraceError(
    'option_invalid',
    `${what} is named in PascalCase, such as NewMessage, and not ${quote(name)}.${hint}`,
  )
}

/** @throws {MillraceError} `option_invalid` */
export function assertIdentifier(name: string, what: string): void {
  if (/^[A-Za-z_$][\w$]*$/.test(name) && !reserved.has(name)) return
  throw new MillraceError(
    'option_invalid',
    `${quote(name)} cannot be the name of ${what}. Give an identifier, such as rooms.`,
  )
}

/** `NewHTTPMessage2` has the words `new`, `http`, `message2`. */
export function wordsOf(name: string): readonly string[] {
  const words = name.match(/[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z][a-z0-9]*|[0-9]+/g) ?? []
  return words.map((word) => word.toLowerCase())
}

export function toPascalCase(words: readonly string[]): string {
  return words.map(capitalize).join('')
}

export function toCamelCase(words: readonly string[]): string {
  return words.map((word, index) => (index === 0 ? word : capitalize(word))).join('')
}

export function toKebabCase(words: readonly string[]): string {
  return words.join('-')
}

export function toFileName(words: readonly string[], style: FileNameStyle): string {
  if (style === 'camelCase') return toCamelCase(words)
  if (style === 'PascalCase') return toPascalCase(words)
  return words.join(style === 'snake_case' ? '_' : '-')
}

/** The style of a file's name, or undefined where it could be several, as with one word. */
export function fileNameStyleOf(name: string): FileNameStyle | undefined {
  if (/^[a-z0-9]+(-[a-z0-9]+)+$/.test(name)) return 'kebab-case'
  if (/^[a-z0-9]+(_[a-z0-9]+)+$/.test(name)) return 'snake_case'
  if (/^[a-z][a-z0-9]*([A-Z][a-z0-9]*)+$/.test(name)) return 'camelCase'
  return /^[A-Z][a-z0-9]+([A-Z][a-z0-9]*)*$/.test(name) ? 'PascalCase' : undefined
}

function capitalize(word: string): string {
  return `${word[0]?.toUpperCase() ?? ''}${word.slice(1)}`
}
