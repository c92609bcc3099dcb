/** A fenced code block of a page. */
export interface Block {
  readonly language: string
  /** The file that its first line names in a comment: `// server.ts`, `<!-- public/index.html -->`. */
  readonly file: string | undefined
  readonly code: string
  /** Of its first line of code, from 1. */
  readonly line: number
}

const fence = /^```(\w+)\n(.*?)^```$/gms
const named = /^(?:\/\/|#|<!--) ([\w./-]+\.\w+)(?: -->)?\n/

export function blocksOf(page: string): Block[] {
  return [...page.matchAll(fence)].map(({ index, 1: language = '', 2: code = '' }) => ({
    language,
    file: named.exec(code)?.[1],
    code,
    line: page.slice(0, index).split('\n').length + 1,
  }))
}

/** The lines of the indented blocks, each less its indent: how these pages set commands. */
export function commandsOf(page: string): string[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('    ') && line.trim() !== '')
    .map((line) => line.slice(4))
}
