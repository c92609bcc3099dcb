import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createJiti } from 'jiti'
import { defineConfig } from './config.ts'

/** What a module exports, by name. */
export type ModuleExports = Readonly<Record<string, unknown>>

/**
 * Imports a module of the application by its absolute path, TypeScript too, whatever Node this is.
 *
 * Not by Node's own stripping of types: it follows imports only as they are written, and those of most applications
 * (`./file.js` or `./file` for `file.ts`, the `paths` of tsconfig.json) are written for a bundler or a compiler. JavaScript is, too,
 * where no package.json says of which kind it is, as in applications of Next.js.
 *
 * @throws whatever the module throws
 */
export async function importModule(path: string): Promise<ModuleExports> {
  if (/^\.[mc]?tsx?$/.test(extname(path)) || (extname(path) === '.js' && !hasType(dirname(path)))) {
    const jiti = createJiti(path, { interopDefault: false, tsconfigPaths: true, jsx: { runtime: 'automatic' } })
    return jiti.import<ModuleExports>(path)
  }
  const exports = (await import(pathToFileURL(path).href)) as ModuleExports
  // Of a CommonJS module Node finds the names only where they are written plainly.
  const { default: whole } = exports
  return typeof whole === 'object' && whole !== null ? { ...whole, ...exports } : exports
}

/**
 * Imports a configuration. Its `millrace/config` is this one, so that it can be read before the application's packages are installed.
 *
 * @throws whatever it throws
 */
export function importConfig(path: string): Promise<ModuleExports> {
  const virtualModules = { 'millrace/config': { defineConfig } }
  return createJiti(path, { interopDefault: false, tsconfigPaths: true, virtualModules }).import<ModuleExports>(path)
}

/** Whether the package.json of what lies in `folder` says whether that is ES modules or CommonJS. */
function hasType(folder: string): boolean {
  const path = join(folder, 'package.json')
  if (existsSync(path)) return 'type' in (JSON.parse(readFileSync(path, 'utf8')) as object)
  return dirname(folder) !== folder && hasType(dirname(folder))
}

/** Whether a source text is one, as the module would be imported. */
export function parses(path: string, text: string): boolean {
  try {
    const code = createJiti(path).transform({
      source: text,
      filename: path,
      ts: /\.[mc]?tsx?$/.test(path),
      async: true,
      jsx: /x$/.test(path),
    })
    // It does not throw the parser's complaint: it answers with a module that would.
    return !code.startsWith('exports.__JITI_ERROR__')
  } catch {
    return false
  }
}
