import { dirname, resolve } from 'node:path'
import { findApplication } from '../config/find.ts'
import { toFields } from '../generate/fields.ts'
import { type Made, makeChannel, makeEvent, makeListener, type Place } from '../generate/make.ts'
import { carryOut } from './changes.ts'

/** What every `make` takes. */
export interface MakeOptions {
  readonly app?: string
  readonly dir?: string
  readonly test: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** @throws {MillraceError} `config_missing` and as `makeEvent` */
export async function makeAnEvent(name: string, fields: readonly string[], options: MakeOptions): Promise<void> {
  const read = toFields(fields)
  tell(makeEvent(await placeOf(options), name, read), options)
}

/** @throws {MillraceError} `config_missing` and as `makeListener` */
export async function makeAListener(
  name: string,
  options: MakeOptions & { readonly event: string; readonly queued?: boolean },
): Promise<void> {
  tell(makeListener(await placeOf(options), name, options.event, options.queued ?? false), options)
}

/** @throws {MillraceError} `config_missing` and as `makeChannel` */
export async function makeAChannel(
  pattern: string,
  options: MakeOptions & { readonly private?: boolean; readonly name?: string },
): Promise<void> {
  const { name, private: isPrivate = false } = options
  tell(makeChannel(await placeOf(options), pattern, { isPrivate, name }), options)
}

async function placeOf({ app, dir, test }: MakeOptions): Promise<Place> {
  const cwd = process.cwd()
  const { path, found } = await findApplication(cwd, app)
  return {
    app: path,
    config: { ...found?.config, ...(test ? {} : { tests: false as const }) },
    base: found?.folder ?? dirname(path),
    folder: dir === undefined ? undefined : resolve(cwd, dir),
  }
}

function tell({ project, plan }: Made, options: MakeOptions): void {
  carryOut(project, plan, options)
}
