import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError, messageOf } from '../base/errors.ts'
import { folderWith } from './sources.ts'

/** What is looked at of an application's package.json. */
export interface Manifest {
  /** Its folder: the application's root. */
  readonly root: string
  readonly path: string
  readonly text: string
  readonly isModule: boolean
  readonly scripts: Readonly<Record<string, string>>
  /** What it depends on, for whatever purpose: names and the ranges of versions. */
  readonly dependencies: Readonly<Record<string, string>>
  readonly main: string | undefined
  readonly packageManager: string | undefined
}

/**
 * The package.json of the application in `folder`: there or above.
 *
 * @throws {MillraceError} `project_unsupported`
 */
export function readManifest(folder: string): Manifest {
  const root = folderWith('package.json', folder)
  if (root === undefined) {
    throw unsupported(`There is no package.json in ${folder} or above it. Start in the folder of an application.`)
  }
  const path = join(root, 'package.json')
  const text = readFileSync(path, 'utf8')
  const json = parse(path, text)
  const record = (key: string) => (json[key] ?? {}) as Readonly<Record<string, string>>
  const string = (key: string) => (typeof json[key] === 'string' ? json[key] : undefined)
  return {
    root,
    path,
    text,
    isModule: json.type === 'module',
    scripts: record('scripts'),
    dependencies: { ...record('peerDependencies'), ...record('devDependencies'), ...record('dependencies') },
    main: string('main'),
    packageManager: string('packageManager'),
  }
}

function parse(path: string, text: string): Readonly<Record<string, unknown>> {
  try {
    // Some editors write a byte order mark.
    const json: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    if (typeof json === 'object' && json !== null) return json as Readonly<Record<string, unknown>>
    throw new TypeError('it is no object')
  } catch (error) {
    throw unsupported(`${path} cannot be read: ${messageOf(error)}.`, error)
  }
}

/** The text of package.json with one more dependency, indented as it is. */
export function withDependency(text: string, name: string, range: string): string {
  const json = JSON.parse(text.replace(/^\uFEFF/, '')) as { dependencies?: Record<string, string> }
  const dependencies = { ...json.dependencies, [name]: range }
  const sorted = Object.fromEntries(Object.entries(dependencies).sort(([a], [b]) => (a < b ? -1 : 1)))
  const indent = /^[{\s]*\n([ \t]+)"/.exec(text)?.[1] ?? '  '
  return `${JSON.stringify({ ...json, dependencies: sorted }, undefined, indent)}${/\n$/.test(text) ? '\n' : ''}`
}

/** The major version of a dependency: of what is installed, else of the range that package.json asks for. */
export function majorOf({ root, dependencies }: Manifest, name: string): number | undefined {
  return versionOf({ root, dependencies }, name)?.[0]
}

/** Its version, as numbers. */
export function versionOf(
  { root, dependencies }: Pick<Manifest, 'root' | 'dependencies'>,
  name: string,
): readonly number[] | undefined {
  const folder = folderWith(join('node_modules', name, 'package.json'), root)
  const path = join(folder ?? root, 'node_modules', name, 'package.json')
  const text = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as { readonly version?: string }).version
    : dependencies[name]
  const found = /(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text ?? '')
  return found?.slice(1).map((part) => Number(part ?? 0))
}

const managers = [
  ['pnpm', 'pnpm-lock.yaml', 'pnpm install'],
  ['yarn', 'yarn.lock', 'yarn install'],
  ['bun', 'bun.lock', 'bun install'],
  ['bun', 'bun.lockb', 'bun install'],
  ['npm', 'package-lock.json', 'npm install'],
] as const

/** What installs the application's dependencies. */
export function installCommand({ root, packageManager = '' }: Manifest): string {
  const named = managers.find(([name]) => packageManager.startsWith(`${name}@`))
  const found = named ?? managers.find(([, lock]) => folderWith(lock, root) !== undefined)
  return found?.[2] ?? 'npm install'
}

export function unsupported(message: string, cause?: unknown): MillraceError {
  return new MillraceError('project_unsupported', message, { cause })
}
