import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createJiti } from 'jiti'

/** What a module exports, by name. */
export type ModuleExports = Readonly<Record<string, unknown>>

/**
 * Imports a module of the application by its absolute path, TypeScript too, whatever Node this is.
 *
 * Not by Node's own stripping of types: it follows imports only as they are written, and those of most applications
 * (`./file.js` or `./file` for `file.ts`, the `paths` of tsconfig.json) are written for a bundler or a compiler.
 *
 * @throws whatever the module throws
 */
export async function importModule(path: string): Promise<ModuleExports> {
  if (/^\.[mc]?tsx?$/.test(extname(path))) {
    const jiti = createJiti(path, { interopDefault: false, tsconfigPaths: true, jsx: { runtime: 'automatic' } })
    return jiti.import<ModuleExports>(path)
  }
  const exports = (await import(pathToFileURL(path).href)) as ModuleExports
  // Of a CommonJS module Node finds the names only where they are written plainly.
  const { default: whole } = exports
  return typeof whole === 'object' && whole !== null ? { ...whole, ...exports } : exports
}

/** Whether a source text is one, as the module would be imported. */
export function parses(path: string, text: string): boolean {
  try {
    createJiti(path).transform({
      source: text,
      filename: path,
      ts: /\.[mc]?tsx?$/.test(path),
      async: true,
      jsx: /x$/.test(path),
    })
    return true
  } catch {
    // The parser's complaint is the answer.
    return false
  }
}
