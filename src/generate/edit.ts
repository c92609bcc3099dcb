import { importsOf } from './imports.ts'
import { closingOf, outline } from './outline.ts'

/** Adds an import to those of a source text: packages before files, and among these where its module's name belongs. */
export function addImport(text: string, line: string): string {
  const imports = importsOf(text)
  const from = importsOf(line)[0]?.from ?? ''
  const alike = imports.filter((one) => isFile(one.from) === isFile(from))
  const next =
    alike.find((one) => one.from > from) ?? (isFile(from) ? undefined : imports.find((one) => isFile(one.from)))
  const isSorted = alike.every(({ from: one }, index) => index === 0 || one >= (alike[index - 1]?.from ?? ''))
  const last = alike.at(-1)
  if (next !== undefined && (isSorted || last === undefined)) return insert(text, next.start, `${line}\n`)
  const end = (last ?? imports.at(-1))?.end
  if (end !== undefined) return insert(text, end, `\n${line}`)
  // Behind what must stay first: `#!`, comments, and directives such as 'use strict'.
  const head =
    /^(?:#!.*\n|\s*\/\/.*\n|\s*\/\*[\s\S]*?\*\/\s*\n|\s*(["'])use [\w ]+\1;?[ \t]*\n|\n)*/.exec(text)?.[0] ?? ''
  return insert(text, head.length, `${line}\n${text.slice(head.length).startsWith('\n') ? '' : '\n'}`)
}

function isFile(specifier: string): boolean {
  return /^[.@#~]?\//.test(specifier) || /^\.\.?(?:\/|$)/.test(specifier)
}

export function insert(text: string, at: number, added: string): string {
  return `${text.slice(0, at)}${added}${text.slice(at)}`
}

/**
 * Adds an item to the list that is the property `key` of the object given to `callee`, as in `createHub({ channels: [a] })`.
 * Undefined where there is no such list.
 */
export function addToList(text: string, callee: string, key: string, item: string): string | undefined {
  const code = outline(text)
  const call = new RegExp(`\\b${callee}\\s*\\(`).exec(code)
  if (call === null) return undefined
  const end = closingOf(code, call.index + call[0].length - 1)
  const list = new RegExp(`\\b${key}\\s*:\\s*\\[`).exec(code.slice(call.index, end))
  if (end < 0 || list === null) return undefined
  const open = call.index + list.index + list[0].length - 1
  const close = closingOf(code, open)
  const inside = text.slice(open + 1, close)
  const kept = inside.trimEnd().replace(/,$/, '')
  if (!inside.includes('\n'))
    return `${text.slice(0, open + 1)}${kept}${kept.trim() === '' ? '' : ', '}${item}${text.slice(close)}`
  const indent = /\n([ \t]*)\S/.exec(inside)?.[1] ?? '  '
  return `${text.slice(0, open + 1)}${kept}${kept.trim() === '' ? '' : ','}\n${indent}${item},${inside.slice(inside.trimEnd().length)}${text.slice(close)}`
}

/** Whether `name` stands in the code of a source text, as a word of its own and not as a property. */
export function usesName(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w$.])${name}(?![\\w$])`).test(outline(text))
}
