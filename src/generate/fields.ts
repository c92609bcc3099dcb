import { MillraceError, quote } from '../base/errors.ts'
import { closingOf, outline } from './outline.ts'

const types = ['string', 'number', 'boolean'] as const
type FieldType = (typeof types)[number]

/** A member of an event's data. */
export interface Field {
  readonly name: string
  readonly type: FieldType
}

const samples: Readonly<Record<FieldType, string>> = { string: "'Hello'", number: '1', boolean: 'true' }

/** Code of a value for a member: a text that says which it is. */
function sample(name: string, type: FieldType): string {
  return type === 'string' && name !== 'message' ? `'${name}-1'` : samples[type]
}

/**
 * Reads `room`, `room:string` or `total:number`, as they are typed.
 *
 * @throws {MillraceError} `option_invalid`
 */
export function toFields(texts: readonly string[]): readonly Field[] {
  return texts.map((text) => {
    const [, name, type = 'string'] = /^([A-Za-z_$][\w$]*)(?::(\w+))?$/.exec(text) ?? []
    const known = types.find((one) => one === type)
    if (name !== undefined && known !== undefined) return { name, type: known }
    throw new MillraceError(
      'option_invalid',
      `${quote(text)} is no field. Give NAME or NAME:TYPE, where TYPE is ${types.join(', ')}.`,
    )
  })
}

/** Code of data with these fields. */
export function sampleOf(fields: readonly Field[]): string {
  return `{ ${fields.map(({ name, type }) => `${name}: ${sample(name, type)}`).join(', ')} }`
}

/**
 * Code of data that an event takes, by the text of its declaration: the arguments of `defineEvent`, and what stands before them.
 * Undefined where it cannot be told.
 */
export function sampleFor(declaration: string): string | undefined {
  const code = outline(declaration)
  const open = code.indexOf('(')
  const parameter = /^defineEvent\s*<([\s\S]*)>\s*$/.exec(declaration.slice(0, open))?.[1]
  if (parameter !== undefined) return sampleOfType(parameter)
  const argumentsEnd = closingOf(code, open)
  const comma = code.indexOf(',', open)
  // Only a name: in JavaScript it takes any data, and in TypeScript none.
  if (comma < 0 || comma > argumentsEnd) return ''
  const object = /^,\s*(?:z\s*\.\s*(?:strictO|looseO|o)bject|v\s*\.\s*(?:strictO|looseO|o)bject|type)\s*\(\s*\{/.exec(
    code.slice(comma),
  )
  if (object === null) return undefined
  const start = comma + object[0].length - 1
  const rest = code.slice(closingOf(code, start) + 1, argumentsEnd)
  // What is chained to it may refuse the sample.
  if (!/^\s*,?\s*\)\s*,?\s*$/.test(rest)) return undefined
  return sampleOfMembers(declaration.slice(start + 1, closingOf(code, start)))
}

function sampleOfType(text: string): string | undefined {
  const trimmed = text.trim()
  if (isType(trimmed)) return samples[trimmed]
  if (trimmed === 'void') return ''
  const code = outline(trimmed)
  const isObject = code.startsWith('{') && closingOf(code, 0) === code.length - 1
  return isObject ? sampleOfMembers(trimmed.slice(1, -1)) : undefined
}

function sampleOfMembers(text: string): string | undefined {
  const samplesOf: string[] = []
  for (const member of membersOf(text)) {
    const [, name = '', optional, value = ''] =
      /^(?:readonly\s+)?([A-Za-z_$][\w$]*)(\?)?\s*:\s*([\s\S]+)$/.exec(member) ?? []
    const type = /^(?:[zv]\s*\.\s*)?'?(string|number|boolean)'?(?:\(\))?$/.exec(value.replaceAll('"', "'").trim())?.[1]
    if (optional !== undefined || /\.optional\(\)$|^v\.optional\(/.test(value)) continue
    if (name === '' || type === undefined || !isType(type)) return undefined
    samplesOf.push(`${name}: ${sample(name, type)}`)
  }
  return samplesOf.length === 0 ? '{}' : `{ ${samplesOf.join(', ')} }`
}

/** What stands between the commas, semicolons or lines of an object. */
function membersOf(text: string): readonly string[] {
  const code = outline(text)
  const members: string[] = []
  let start = 0
  for (let index = 0; index <= code.length; index++) {
    const character = code[index] ?? ';'
    if ('([{'.includes(character)) index = Math.max(closingOf(code, index), index)
    else if (',;\n'.includes(character)) {
      const member = withoutComments(text.slice(start, index), code.slice(start, index)).trim()
      if (member !== '') members.push(member)
      start = index + 1
    }
  }
  return members
}

/** The text where the outline has code, or a string. */
function withoutComments(text: string, code: string): string {
  return code.trim() === '' ? '' : text.slice(code.length - code.trimStart().length)
}

function isType(text: string): text is FieldType {
  return types.some((type) => type === text)
}
