import { outline, statementEnd } from './outline.ts'

/** An import of a source text, by `import` or by `require`. */
export interface Import {
  /** The module, as it is written. */
  readonly from: string
  /** What stands between `import` and `from`, or before the `=` of a `require`. */
  readonly clause: string
  /** Where its statement begins in the text. */
  readonly start: number
  /** Where it ends, with what stands behind it on its line. */
  readonly end: number
}

const esm = /^import\b(?!\s*[.(])([^'"]*)(["'])/gm
const required = /^(?:const|let|var)\s+([\w${},:\s]+?)\s*=\s*require\s*\(\s*(["'])/gm

/** The imports at the top level of a source text, in order. */
export function importsOf(text: string): readonly Import[] {
  const code = outline(text)
  const found: Import[] = []
  for (const expression of [esm, required]) {
    for (const match of code.matchAll(expression)) {
      const [whole, clause = '', quote = ''] = match
      const open = match.index + whole.length
      const close = code.indexOf(quote, open)
      if (close < 0) continue
      // What is required may be called at once: its name stands in brackets, and the statement goes on behind them.
      const end = lineEnd(code, statementEnd(code, expression === required ? match.index : close + 1))
      found.push({ from: text.slice(open, close), clause: clause.trim(), start: match.index, end })
    }
  }
  return found.sort((a, b) => a.start - b.start)
}

function lineEnd(code: string, from: number): number {
  const end = code.indexOf('\n', from)
  return end < 0 ? code.length : end
}

/** Whether a source text is CommonJS: it requires, and neither imports nor exports. */
export function isCommonJs(text: string): boolean {
  const code = outline(text)
  return /\brequire\s*\(|\bmodule\.exports\b/.test(code) && !/^(?:import\b(?!\s*[.(])|export\b)/m.test(code)
}

/** By which names a source text knows `exported` of the module `from`; `default` is its default. */
export function localNames(text: string, from: string, exported: readonly string[]): readonly string[] {
  const names: string[] = []
  for (const { clause } of importsOf(text).filter((one) => one.from === from)) {
    if (clause.startsWith('type ')) continue
    const whole = /^(?:\*\s*as\s+)?(\w+)/.exec(clause)?.[1]
    if (whole !== undefined && exported.includes('default')) names.push(whole)
    const listed = /\{([^}]*)\}/.exec(clause)?.[1] ?? ''
    for (const item of listed.split(',')) {
      const [, name = '', local = name] = /^\s*(\w+)(?:\s*(?:as|:)\s*(\w+))?\s*$/.exec(item) ?? []
      if (name !== '' && exported.includes(name)) names.push(local)
    }
  }
  return names
}
