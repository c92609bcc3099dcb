import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { MillraceError, messageOf, quote } from '../base/errors.ts'
import { type Config, fileNameStyles, testRunners } from './config.ts'
import { importConfig } from './module.ts'

/** What the file is called, the first that is there. */
export const configFiles = ['ts', 'mts', 'js', 'mjs'].map((extension) => `millrace.config.${extension}`)

/** A configuration and where it was found. */
export interface FoundConfig {
  readonly config: Config
  readonly path: string
  /** What its paths are relative to. */
  readonly folder: string
}

/** The path of the configuration for `folder`: there, or in the nearest folder above it that has one. */
export function findConfigPath(folder: string): string | undefined {
  const path = configFiles.map((name) => join(folder, name)).find((candidate) => existsSync(candidate))
  if (path !== undefined) return path
  const above = dirname(folder)
  return above === folder ? undefined : findConfigPath(above)
}

/**
 * Reads the configuration for `folder`, or undefined where there is none.
 *
 * @throws {MillraceError} `config_invalid`
 */
export async function findConfig(folder: string): Promise<FoundConfig | undefined> {
  const path = findConfigPath(folder)
  if (path === undefined) return undefined
  let config: unknown
  try {
    config = (await importConfig(path)).default
  } catch (error) {
    throw invalid(path, `it cannot be loaded: ${messageOf(error)}`, error)
  }
  assertConfig(path, config)
  return { config, path, folder: dirname(path) }
}

/** The application module that a command is for. */
export interface NamedApplication {
  /** Its absolute path, where nobody has looked yet whether there is anything. */
  readonly path: string
  readonly found: FoundConfig | undefined
}

/**
 * The module that `--app` names, from `folder`, or else the configuration for `folder`, which is always read.
 *
 * @throws {MillraceError} `config_missing`, `config_invalid`
 */
export async function findApplication(folder: string, app: string | undefined): Promise<NamedApplication> {
  const found = await findConfig(folder)
  if (app !== undefined) return { path: resolve(folder, app), found }
  if (found !== undefined) return { path: resolve(found.folder, found.config.app), found }
  throw new MillraceError(
    'config_missing',
    `There is no millrace.config.ts (or .mts, .js, .mjs) in ${folder} or above it. ` +
      'Run `npx millrace init` to make one, or name the application module: --app src/push.ts',
  )
}

/** It comes from a file that no compiler may have seen. */
function assertConfig(path: string, config: unknown): asserts config is Config {
  if (typeof config !== 'object' || config === null) {
    throw invalid(path, 'it has no default export that is an object. Write: export default defineConfig({ app: ... })')
  }
  const { app, fileNames, tests, ...folders } = config as Record<string, unknown>
  if (typeof app !== 'string' || app === '') throw invalid(path, `app is the path of a module, and not ${quote(app)}`)
  for (const [key, value] of Object.entries(folders)) {
    if (!['events', 'listeners', 'channels'].includes(key)) {
      const known = 'app, events, listeners, channels, fileNames and tests'
      throw invalid(path, `it has ${quote(key)}, which means nothing. There are ${known}`)
    }
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw invalid(path, `${key} is the path of a folder, and not ${quote(value)}`)
    }
  }
  assertOneOf(path, 'fileNames', fileNames, [undefined, ...fileNameStyles])
  assertOneOf(path, 'tests', tests, [undefined, ...testRunners, false])
}

function assertOneOf(path: string, key: string, value: unknown, known: readonly unknown[]): void {
  if (known.includes(value)) return
  const choice = known.filter((one) => one !== undefined).join(', ')
  throw invalid(path, `${key} is ${quote(value)}. Give one of ${choice}`)
}

function invalid(path: string, why: string, cause?: unknown): MillraceError {
  return new MillraceError('config_invalid', `${path} cannot be used: ${why}.`, { cause })
}
