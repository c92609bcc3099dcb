import { existsSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { MillraceError, messageOf, quote } from '../base/errors.ts'
import { findApplication, findConfigPath } from '../config/find.ts'
import { importModule, type ModuleExports } from '../config/module.ts'
import type { CloseEventsOptions, Events } from '../events/api.ts'
import { giveOrders, type WorkOptions } from '../events/work.ts'
import type { Hub } from '../hub/api.ts'

export interface ApplicationOptions {
  /** The path of its module, from `cwd`, where the configuration is not to say. */
  readonly app?: string | undefined
  /** Which jobs it is to run in this process: this goes before the `work` that the application's own `createEvents` asks for. */
  readonly work: WorkOptions | false
  /** @default the process's */
  readonly cwd?: string
}

/** An application's module, imported. */
export interface Application {
  /** The absolute path of the module. */
  readonly path: string
  readonly events: Events
  readonly hub: Hub | undefined
  /** Everything that the module exports. */
  readonly exports: ModuleExports
  /** Closes the events, whose listeners may publish, and then the hub: both may hold connections, and with them the process. */
  close(options?: CloseEventsOptions): Promise<void>
}

/**
 * Imports the module that `--app` or the configuration names. It begins to work when this has resolved.
 *
 * @throws {MillraceError} `config_missing`, `config_invalid`, `application_missing`, `application_failed`, `application_invalid`
 */
export async function loadApplication({ app, work, cwd = process.cwd() }: ApplicationOptions): Promise<Application> {
  const path = await modulePath(app, cwd)
  let begin = () => {}
  const ready = new Promise<void>((resolve) => {
    begin = resolve
  })
  giveOrders({ work, ready })
  const exports = await importApplication(path)
  const { events, hub } = exports
  if (!isEvents(events)) throw lacks(path, 'events', events, 'createEvents()')
  if (hub !== undefined && !isHub(hub)) throw lacks(path, 'hub', hub, 'createHub()')
  begin()
  return {
    path,
    events,
    hub,
    exports,
    async close(options) {
      try {
        await events.close(options)
      } finally {
        await hub?.close()
      }
    },
  }
}

/** With `--app` the configuration is not asked, and may be broken. */
async function modulePath(app: string | undefined, cwd: string): Promise<string> {
  const path = app === undefined ? (await findApplication(cwd, app)).path : resolve(cwd, app)
  if (existsSync(path)) return path
  const whose = app === undefined ? `app in ${findConfigPath(cwd)}` : '--app'
  throw new MillraceError('application_missing', `There is no ${path}, which ${whose} names. Check the path.`)
}

async function importApplication(path: string): Promise<ModuleExports> {
  try {
    return await importModule(path)
  } catch (error) {
    const message = messageOf(error)
    const place = placeOf(error, dirname(path))
    throw new MillraceError(
      'application_failed',
      `${relative('', path)} threw while it was imported: ${message}${place === '' ? '' : ` (${place})`}`,
      { cause: error },
    )
  }
}

/** The first line of the stack that is the application's own. */
function placeOf(error: unknown, folder: string): string {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n').slice(1) : []
  const own = lines.find((line) => line.includes(folder) && !line.includes('node_modules'))
  return own?.trim() ?? ''
}

/** By shape, for the application may have another copy of this package. */
function isEvents(value: unknown): value is Events {
  return hasMethods(value, ['listen', 'dispatch', 'close'])
}

function isHub(value: unknown): value is Hub {
  return hasMethods(value, ['publish', 'admit', 'close'])
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  return (
    typeof value === 'object' && value !== null && names.every((name) => typeof Reflect.get(value, name) === 'function')
  )
}

function lacks(path: string, name: string, value: unknown, made: string): MillraceError {
  const what = value === undefined ? `exports no ${name}` : `exports ${name} that are none: ${quote(value)}`
  return new MillraceError('application_invalid', `${path} ${what}. Add: export const ${name} = ${made}`)
}
