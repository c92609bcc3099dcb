/** Before a slash that begins a regular expression, and not a division. */
const beforeExpression = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void|await|yield))\s*$/

/**
 * A source text of which only the code is left: comments, and what stands between quotes, are blanked out. Every character stays at
 * its place, so that what is found in the outline is found in the text.
 *
 * It is no parser. Who changes a text by it lets a parser look at the result (`parses` of config/module.ts).
 */
export function outline(text: string): string {
  let code = ''
  while (code.length < text.length) {
    const at = code.length
    const end = endOfOpaque(text, at, code)
    code += end === at ? text[at] : blank(text.slice(at, end))
  }
  return code
}

/** Where the comment, string or regular expression that begins at `at` ends; `at` where there is none. */
function endOfOpaque(text: string, at: number, before: string): number {
  const two = text.slice(at, at + 2)
  if (two === '//' || (two === '#!' && at === 0)) return endBefore(text, '\n', at)
  if (two === '/*') return endAfter(text, '*/', at + 2)
  const one = text[at]
  if (one === '"' || one === "'") return endOfQuoted(text, at, one)
  if (one === '`') return endOfTemplate(text, at)
  if (one === '/' && beforeExpression.test(before.slice(-40))) return endOfExpression(text, at)
  return at
}

function endBefore(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found < 0 ? text.length : found
}

function endAfter(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found < 0 ? text.length : found + mark.length
}

function endOfQuoted(text: string, at: number, quote: string): number {
  for (let index = at + 1; index < text.length; index++) {
    if (text[index] === '\\') index++
    // A lone apostrophe, as in the text of a page, ends with its line.
    else if (text[index] === quote || text[index] === '\n') return index + 1
  }
  return text.length
}

function endOfTemplate(text: string, at: number): number {
  for (let index = at + 1; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === '`') return index + 1
    else if (text.startsWith('${', index)) index += endOfHole(text.slice(index + 2)) + 1
  }
  return text.length
}

/** The length of what stands between `${` and its `}`. */
function endOfHole(text: string): number {
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    const end = endOfOpaque(text, index, text.slice(0, index))
    if (end > index) index = end - 1
    else if (text[index] === '{') depth++
    else if (text[index] === '}' && depth-- === 0) return index + 1
  }
  return text.length
}

function endOfExpression(text: string, at: number): number {
  let isClass = false
  for (let index = at + 1; index < text.length && text[index] !== '\n'; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === '[') isClass = true
    else if (text[index] === ']') isClass = false
    else if (text[index] === '/' && !isClass) return index + 1
  }
  // No expression after all.
  return at
}

/** Quotes stay, so that it can be seen that there was a string. */
function blank(text: string): string {
  const inside = text.replace(/[^\n]/g, ' ')
  const isString = /^["'`]/.test(text) && text.length > 1 && text.endsWith(text[0] ?? '')
  return isString ? `${text[0]}${inside.slice(1, -1)}${text[0]}` : inside
}

/** Where the bracket that opens at `open` is closed: the index of the closing one, or -1. */
export function closingOf(code: string, open: number): number {
  let depth = 0
  for (let index = open; index < code.length; index++) {
    if ('([{'.includes(code[index] ?? ' ')) depth++
    else if (')]}'.includes(code[index] ?? ' ') && --depth === 0) return index
  }
  return -1
}

/** Where the statement that holds `from` ends, after its semicolon where it has one. `from` lies in no bracket of it. */
export function statementEnd(code: string, from: number): number {
  for (let index = from; index < code.length; index++) {
    const character = code[index] ?? ''
    if ('([{'.includes(character)) {
      const closing = closingOf(code, index)
      if (closing < 0) return code.length
      index = closing
    } else if (character === ';') return index + 1
    // The block around it ends.
    else if (')]}'.includes(character)) return code.slice(0, index).trimEnd().length
    else if (character === '\n' && !isContinued(code, index)) return code.slice(0, index).trimEnd().length
  }
  return code.trimEnd().length
}

function isContinued(code: string, lineEnd: number): boolean {
  return (
    /[=,+\-*/%&|^?:<>.(]\s*$/.test(code.slice(0, lineEnd).slice(-40)) ||
    /^\s*[.?:+\-*/%&|^=<>,)(\][`]/.test(code.slice(lineEnd, lineEnd + 200))
  )
}
