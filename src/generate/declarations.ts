import { closingOf, outline } from './outline.ts'
import { isTest, type Source } from './sources.ts'

/** An event or a channel that an application declares and exports. */
export interface Declaration {
  /** Its name in the code. */
  readonly name: string
  /** The file that exports it. */
  readonly path: string
  /** What it is called: the event's name, the channel's pattern. */
  readonly text: string
  /** The call, from `defineEvent` or `defineChannel` to its closing bracket. */
  readonly call: string
}

/**
 * What the source files export that is made by `callee`. Their text is searched, and nothing is run: it is for the writing of code, where
 * an application may be half done.
 */
export function declarationsIn(
  sources: readonly Source[],
  callee: 'defineEvent' | 'defineChannel',
): readonly Declaration[] {
  const expression = new RegExp(`^export\\s+const\\s+(\\w+)\\s*=\\s*(?=${callee}\\b)`, 'gm')
  return sources.flatMap(({ path, text }) => {
    if (isTest(path) || !text.includes(callee)) return []
    const code = outline(text)
    return [...code.matchAll(expression)].flatMap(({ 0: whole, 1: name = '', index }) => {
      const start = index + whole.length
      const call = text.slice(start, closingOf(code, code.indexOf('(', start)) + 1)
      const said = /\(\s*(["'`])(.*?)\1/.exec(call.slice(outline(call).indexOf('(')))?.[2]
      return said === undefined ? [] : [{ name, path, text: said, call }]
    })
  })
}
