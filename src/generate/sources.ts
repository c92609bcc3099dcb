import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'

/** Of an application, as a person would look through it. One that is larger is not looked through to its end. */
const maxFiles = 2_000

/** What is made by other programs, or by other people. */
const skipped = /^(?:node_modules|dist|build|out|output|coverage|public|vendor|tmp|temp)$|^\./

export interface Source {
  readonly path: string
  readonly text: string
}

/** The source files of an application, those further up first. */
export function readSources(root: string): readonly Source[] {
  const paths: string[] = []
  const folders = [root]
  for (let folder = folders.shift(); folder !== undefined && paths.length < maxFiles; folder = folders.shift()) {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        if (!skipped.test(entry.name)) folders.push(path)
      } else if (isSource(entry.name)) paths.push(path)
    }
  }
  return paths.map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

function entriesOf(folder: string): readonly Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
}

function isSource(name: string): boolean {
  return /\.[mc]?[jt]sx?$/.test(name) && !name.endsWith('.d.ts')
}

export function isTest(path: string): boolean {
  return /\.(?:test|spec)\.\w+$/.test(path) || /[/\\](?:__tests__|tests?)[/\\]/.test(path)
}

/** The name of a file without its extensions: `new-message` of `new-message.test.ts`. */
export function stemOf(path: string): string {
  return basename(path, extname(path)).replace(/\.(?:test|spec|config|d)$/, '')
}

/** The nearest folder, from `folder` upwards, that has `name`. */
export function folderWith(name: string, folder: string): string | undefined {
  if (existsSync(join(folder, name))) return folder
  const above = join(folder, '..')
  return above === folder ? undefined : folderWith(name, above)
}
