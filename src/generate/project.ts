import { dirname, extname, join, relative, resolve, sep } from 'node:path'
import type { Config, FileNameStyle, TestRunner } from '../config/config.ts'
import { importsOf, isCommonJs } from './imports.ts'
import { type Manifest, readManifest, versionOf } from './manifest.ts'
import { fileNameStyleOf, toFileName } from './naming.ts'
import { isTest, readSources, type Source, stemOf } from './sources.ts'
import { inStyle, styleOf } from './style.ts'
import { type ImportEnding, readTypeScriptRules } from './typescript.ts'

const typed = /\.[mc]?tsx?$/

/** Libraries for which an event's schema can be written. */
export const schemaLibraries = ['zod', 'valibot', 'arktype'] as const
export type SchemaLibrary = (typeof schemaLibraries)[number]

/** An application, and how its code is written. */
export interface Project {
  readonly manifest: Manifest
  /** All of its own source files. */
  readonly sources: readonly Source[]
  readonly isTypeScript: boolean
  /** Whether its own files are CommonJS, so that what is written for them is required. */
  readonly isCommonJs: boolean
  /** Of files that are written: `.ts`, `.mts`, `.js`, `.mjs`. */
  readonly extension: string
  readonly schema: SchemaLibrary | undefined
  readonly tests: { readonly runner: TestRunner; readonly suffix: 'test' | 'spec' } | undefined
  /** Why no tests can be written, where that is so and nobody has said so. */
  readonly untested: string | undefined
  /** `process.env.NAME`, as the compiler takes it. */
  env(name: string): string
  /** The name of a file, without its extension. */
  fileName(words: readonly string[]): string
  /** How the file `from` imports the file `to`. */
  specifier(from: string, to: string): string
  /** A template in the style of the application. */
  write(template: string): string
  /** A path as people read it. */
  show(path: string): string
}

/**
 * Looks at the application in `folder`.
 *
 * @throws {MillraceError} `project_unsupported`
 */
export function readProject(folder: string, config: Partial<Config> = {}): Project {
  const manifest = readManifest(folder)
  const sources = readSources(manifest.root)
  const isTypeScript = isWrittenInTypeScript(manifest, sources)
  const rules = isTypeScript ? readTypeScriptRules(manifest) : undefined
  const own = sources.filter(({ path }) => isTypeScript === typed.test(path))
  const isRequired = rules?.isCommonJs ?? (!manifest.isModule && own.some(({ text }) => isCommonJs(text)))
  const isMjs = own.length > 0 && own.every(({ path }) => path.endsWith('.mjs') || path.includes('.config.'))
  const extension = isTypeScript ? '.ts' : isRequired || isMjs ? '.mjs' : '.js'
  const ending = rules === undefined ? '.js' : (endingOf(own, rules.endings) ?? rules.ending)
  const style = styleOf(own.length > 0 ? own : sources)
  const fileNames = config.fileNames ?? fileNamesOf(own)
  return {
    manifest,
    sources,
    isTypeScript,
    isCommonJs: isRequired,
    extension,
    schema: schemaLibraries.find((name) => isUsable(manifest, name)),
    ...testsOf(manifest, sources, config.tests, isRequired),
    env: (name) => (rules?.quotesIndex ? `process.env['${name}']` : `process.env.${name}`),
    fileName: (words) => toFileName(words, fileNames),
    specifier: (from, to) => specifier(from, to, ending),
    write: (template) => inStyle(template, style),
    show: (path) => relative(manifest.root, path).replaceAll(sep, '/'),
  }
}

/** By what its files are; where there are none yet, by what it has. */
function isWrittenInTypeScript({ dependencies }: Manifest, sources: readonly Source[]): boolean {
  const code = sources.filter(({ path }) => !path.includes('.config.'))
  return code.some(({ path }) => typed.test(path)) || (code.length === 0 && 'typescript' in dependencies)
}

/** zod has what is needed since 3.24. */
function isUsable(manifest: Manifest, name: SchemaLibrary): boolean {
  if (!(name in manifest.dependencies)) return false
  const [major = 0, minor = 0] = versionOf(manifest, name) ?? []
  if (name === 'zod') return major > 3 || (major === 3 && minor >= 24)
  return major >= (name === 'arktype' ? 2 : 1)
}

function testsOf(
  manifest: Manifest,
  sources: readonly Source[],
  wanted: Config['tests'],
  isRequired: boolean,
): Pick<Project, 'tests' | 'untested'> {
  if (wanted === false) return { tests: undefined, untested: undefined }
  const runner = wanted ?? runnerOf(manifest)
  if (wanted === undefined && runner === 'jest' && !takesModules(manifest, isRequired)) {
    const untested =
      'No test was written: jest runs CommonJS here, and before Node 24.9 it loads no ES modules in it, such as millrace. ' +
      'Run it with node --experimental-vm-modules, or say in millrace.config what runs the tests: tests.'
    return { tests: undefined, untested }
  }
  const specs = sources.filter(({ path }) => /\.spec\.\w+$/.test(path)).length
  const tests = sources.filter(({ path }) => /\.test\.\w+$/.test(path)).length
  return { tests: { runner, suffix: specs > tests ? 'spec' : 'test' }, untested: undefined }
}

/** What `npm test` runs, which may be installed above, in the root of a monorepo; else what the application has. */
function runnerOf({ scripts, dependencies }: Manifest): TestRunner {
  const named = /\b(vitest|jest)\b/.exec(scripts.test ?? '')?.[1] as TestRunner | undefined
  return named ?? (['vitest', 'jest'] as const).find((name) => name in dependencies) ?? 'node'
}

/** Whether jest can load ES modules from this application's tests. */
function takesModules({ scripts }: Manifest, isRequired: boolean): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isFlagged = Object.values(scripts).some((script) => script.includes('--experimental-vm-modules'))
  return major > 24 || (major === 24 && minor >= 9) || (isFlagged && !isRequired)
}

/** How most of the application's files import each other, where that is one of `endings`. */
function endingOf(sources: readonly Source[], endings: readonly ImportEnding[]): ImportEnding | undefined {
  const counts = new Map<ImportEnding, number>()
  for (const { text } of sources) {
    for (const { from } of importsOf(text)) {
      if (!/^\.\.?\//.test(from)) continue
      const ending = /\.[mc]?js$/.test(from)
        ? '.js'
        : /\.[mc]?tsx?$/.test(from)
          ? '.ts'
          : /\.\w+$/.test(from)
            ? undefined
            : ''
      if (ending !== undefined && endings.includes(ending)) counts.set(ending, (counts.get(ending) ?? 0) + 1)
    }
  }
  return most(counts)
}

function fileNamesOf(sources: readonly Source[]): FileNameStyle {
  const counts = new Map<FileNameStyle, number>()
  for (const { path } of sources) {
    // The names of components and of a framework's files say nothing of the others.
    if (/x$/.test(extname(path)) || isTest(path) || path.includes('.config.')) continue
    const style = fileNameStyleOf(stemOf(path))
    if (style !== undefined) counts.set(style, (counts.get(style) ?? 0) + 1)
  }
  return most(counts) ?? 'kebab-case'
}

function most<Key>(counts: ReadonlyMap<Key, number>): Key | undefined {
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0]
}

function specifier(from: string, to: string, ending: ImportEnding): string {
  const path = relative(dirname(from), to).replaceAll(sep, '/')
  const whole = path.startsWith('.') ? path : `./${path}`
  // Only TypeScript has more than one way, and `.mts` needs its own.
  if (!/\.ts$/.test(to)) return whole.replace(/\.mts$/, ending === '.ts' ? '.mts' : '.mjs')
  return whole.replace(/\.ts$/, ending)
}

/** The folders that `millrace make` writes into. */
export function foldersOf(app: string, config: Partial<Config>, base: string) {
  const beside = (name: 'events' | 'listeners' | 'channels') => {
    const named = config[name]
    return named === undefined ? join(dirname(app), name) : resolve(base, named)
  }
  return { events: beside('events'), listeners: beside('listeners'), channels: beside('channels') }
}
