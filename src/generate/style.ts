import { outline } from './outline.ts'
import type { Source } from './sources.ts'

/** How an application's code is written. */
export interface CodeStyle {
  readonly semicolons: boolean
  readonly quote: "'" | '"'
  readonly indent: string
}

/** How Prettier writes, where there is nothing to go by. */
const usual: CodeStyle = { semicolons: true, quote: '"', indent: '  ' }

/** The style of most of these files. */
export function styleOf(sources: readonly Source[]): CodeStyle {
  const codes = sources.slice(0, 30).map(({ text }) => outline(text))
  const count = (expression: RegExp) => codes.reduce((sum, code) => sum + (code.match(expression)?.length ?? 0), 0)
  const ended = count(/[;]$/gm)
  const open = count(/[)\w\]'"]$/gm)
  const single = count(/'/g)
  const double = count(/"/g)
  const indents = codes
    .flatMap((code) => code.match(/(?<=[{([]\n)[ \t]+(?=\S)/g) ?? [])
    .filter((indent) => indent.length <= 8)
  const spaces = indents.filter((indent) => !indent.includes('\t')).toSorted((a, b) => a.length - b.length)
  const isTabs = indents.length > spaces.length * 2
  return {
    semicolons: ended === 0 && open === 0 ? usual.semicolons : ended > open,
    quote: single === double ? usual.quote : single > double ? "'" : '"',
    indent: isTabs ? '\t' : (spaces[0] ?? usual.indent),
  }
}

/**
 * Writes a template in a style. Templates are written in one: a semicolon at the end of each statement and nowhere else, single quotes
 * around strings that hold none of either kind, and two spaces.
 */
export function inStyle(template: string, { semicolons, quote, indent }: CodeStyle): string {
  return template
    .split('\n')
    .map((line) => {
      const isComment = /^\s*(?:\/\/|\/\*|\*)/.test(line)
      const indented = line.replace(/^(?: {2})+/, (spaces) => indent.repeat(spaces.length / 2))
      if (isComment) return indented
      const quoted = quote === "'" ? indented : indented.replace(/'([^'"\n]*)'/g, '"$1"')
      return semicolons ? quoted : quoted.replace(/;$/, '')
    })
    .join('\n')
}
