import { MillraceError, quote } from '../base/errors.ts'

/** The parameters of a pattern, read from its text: `'rooms.{room}'` needs `{ room: string }`. */
export type PatternParams<Pattern extends string> = string extends Pattern
  ? Readonly<Record<string, string>>
  : { readonly [Name in ParamNames<Pattern>]: string | number }

type ParamNames<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never

/** Reads and writes the channel names of one pattern. */
export interface Pattern {
  readonly text: string
  /** The parameter names, in the order in which they stand. */
  readonly params: readonly string[]
  /** How many parameters and wildcards it has: of two patterns that match, the one with fewer is the more exact. */
  readonly openness: number
  /** The parameters of `name`, or undefined where it does not match. */
  match(name: string): Readonly<Record<string, string>> | undefined
  /** The name with these parameters. @throws {MillraceError} `channel_invalid` */
  build(params: Readonly<Record<string, unknown>>): string
}

/** A parameter fills one part of a name: it may not hold what separates parts, or one room could name another. */
const paramValue = '[^\\s.,/:{}*\\p{C}]+'
const wholeParamValue = new RegExp(`^${paramValue}$`, 'u')
const token = /\{([^{}]*)\}|(\*)/gu
const paramName = /^[A-Za-z_][A-Za-z0-9_]*$/
const literal = /^[^\s,{}*\p{C}]*$/u

/**
 * Compiles `rooms.{room}` (a parameter is one part of a name) or `news-*` (the wildcard is any run of characters).
 *
 * @throws {MillraceError} `pattern_invalid`
 */
export function compilePattern(text: string): Pattern {
  const params: string[] = []
  const literals: string[] = []
  let source = ''
  let end = 0
  let wildcards = 0
  const takeLiteral = (part: string) => {
    if (!literal.test(part)) throw invalid(text, 'it holds white space, a control character, a comma or a lone brace')
    literals.push(part)
    source += part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  }
  for (const found of text.matchAll(token)) {
    takeLiteral(text.slice(end, found.index))
    end = found.index + found[0].length
    const name = found[1]
    if (name === undefined) {
      wildcards++
      source += '[^\\s,{}*\\p{C}]*'
    } else {
      if (!paramName.test(name)) throw invalid(text, `its parameter ${quote(name)} is not an identifier`)
      if (params.includes(name)) throw invalid(text, `its parameter ${quote(name)} stands there twice`)
      params.push(name)
      source += `(${paramValue})`
    }
  }
  takeLiteral(text.slice(end))
  if (text === '') throw invalid(text, 'it is empty')
  const expression = new RegExp(`^${source}$`, 'u')

  return {
    text,
    params,
    openness: params.length + wildcards * 100,
    match(name) {
      const found = expression.exec(name)
      if (found === null) return undefined
      return Object.fromEntries(params.map((param, index) => [param, found[index + 1] ?? '']))
    },
    build(values) {
      if (wildcards > 0) {
        throw new MillraceError(
          'channel_invalid',
          `The pattern ${quote(text)} has a wildcard: write the channel name itself.`,
        )
      }
      return params.reduce(
        (name, param, index) => name + paramOf(text, param, values[param]) + literals[index + 1],
        literals[0] ?? '',
      )
    },
  }
}

function paramOf(pattern: string, param: string, value: unknown): string {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text === 'string' && wholeParamValue.test(text)) return text
  throw new MillraceError(
    'channel_invalid',
    `The parameter ${quote(param)} of ${quote(pattern)} is ${quote(value)}. ` +
      'Give a non-empty string without white space, control characters or one of . , / : { } *',
  )
}

function invalid(text: string, why: string): MillraceError {
  return new MillraceError('pattern_invalid', `The channel pattern ${quote(text)} cannot be used: ${why}.`)
}
