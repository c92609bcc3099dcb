import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MillraceError, quote } from '../base/errors.ts'
import { compilePattern } from '../channels/pattern.ts'
import type { Config } from '../config/config.ts'
import { ApplicationModule } from './application-module.ts'
import { type Declaration, declarationsIn } from './declarations.ts'
import { type Field, sampleFor } from './fields.ts'
import { assertIdentifier, assertPascalCase, toCamelCase, toKebabCase, wordsOf } from './naming.ts'
import { Plan } from './plan.ts'
import { foldersOf, type Project, readProject } from './project.ts'
import { channelTemplate, channelTestTemplate } from './templates/channel.ts'
import { eventTemplate, eventTestTemplate } from './templates/event.ts'
import { type ListenerTemplate, listenerTemplate, listenerTestTemplate } from './templates/listener.ts'
import { dialectOf, type TestDialect } from './templates/test-file.ts'

/** Where something is made. */
export interface Place {
  /** The absolute path of the application module. */
  readonly app: string
  readonly config: Partial<Config>
  /** What the paths of `config` are relative to. */
  readonly base: string
  /** The folder to write into, where it is another one than the configuration says. */
  readonly folder?: string | undefined
}

export interface Made {
  readonly project: Project
  readonly plan: Plan
}

/** @throws {MillraceError} `option_invalid`, `file_exists`, `project_unsupported`, `application_missing` */
export function makeEvent(place: Place, name: string, fields: readonly Field[]): Made {
  assertPascalCase(name, 'An event')
  const { project, plan, folders, module } = open(place)
  const taken = declarationsIn(project.sources, 'defineEvent').find(
    (event) => event.name === name || event.text === name,
  )
  if (taken !== undefined) throw exists(`an event ${name}`, project, taken)
  const path = fileFor(project, folders.events, name)
  const template = {
    name,
    fields: fields.length > 0 ? fields : [{ name: 'message', type: 'string' as const }],
    schema: project.schema,
    isTypeScript: project.isTypeScript,
  }
  plan.create(path, project.write(eventTemplate(template)), `the event ${name}`)
  addTest(project, plan, path, (file, dialect) => eventTestTemplate(template, file, dialect))
  module.addEvent(name, path)
  return { project, plan }
}

/** @throws {MillraceError} as `makeEvent`; `event_unknown` */
export function makeListener(place: Place, name: string, eventName: string, isQueued: boolean): Made {
  assertPascalCase(name, 'A listener')
  const { project, plan, folders, module } = open(place)
  const declared = declarationsIn(project.sources, 'defineEvent')
  const event = declared.find((one) => one.name === eventName)
  if (event === undefined) throw unknownEvent(eventName, declared)
  const path = fileFor(project, folders.listeners, name)
  const channel = openChannel(project)
  const file = (to: string) => project.specifier(path, to)
  const template: ListenerTemplate = {
    name: toCamelCase(wordsOf(name)),
    event: { name: event.name, file: file(event.path) },
    channel: channel === undefined ? undefined : { name: channel.name, file: file(channel.path) },
    isQueued,
    isTypeScript: project.isTypeScript,
  }
  plan.create(path, project.write(listenerTemplate(template)), `the listener ${name}`)
  addTest(project, plan, path, (own, dialect) => listenerTestTemplate(template, own, sampleFor(event.call), dialect))
  const made = `${template.name}(${channel === undefined ? '' : 'hub'})`
  const id = toKebabCase(wordsOf(name))
  const inline = `events.listen(${event.name}, ${made}, { id: '${id}' });`
  const queued = `events.listen(${event.name}, ${made}, {
  id: '${id}',
  queue: { attempts: 5, backoff: [1_000, 5_000] },
});`
  module.addListener({ name: template.name, path, call: isQueued ? queued : inline }, event)
  return { project, plan }
}

/** @throws {MillraceError} as `makeEvent`; `pattern_invalid` */
export function makeChannel(
  place: Place,
  text: string,
  options: { readonly isPrivate: boolean; readonly name?: string | undefined },
): Made {
  const pattern = compilePattern(text)
  if (/['"`\\]/.test(text))
    throw new MillraceError(
      'option_invalid',
      `The pattern ${quote(text)} has a quote or a backslash. Write this one by hand.`,
    )
  const words = wordsOf(options.name ?? text.replace(/\{[^{}]*\}/g, ' ').replaceAll('*', ' '))
  const name = options.name ?? toCamelCase(words)
  assertIdentifier(name, `the channel ${quote(text)} in the code, which --name says`)
  const { project, plan, folders, module } = open(place)
  const taken = declarationsIn(project.sources, 'defineChannel').find(
    (channel) => channel.name === name || channel.text === text,
  )
  if (taken !== undefined) throw exists(`a channel ${taken.text} (${taken.name})`, project, taken)
  const path = join(folders.channels, `${project.fileName(words)}${project.extension}`)
  const template = { name, pattern, isPrivate: options.isPrivate }
  plan.create(path, project.write(channelTemplate(template)), `the channel ${text}`)
  addTest(project, plan, path, (file, dialect) => channelTestTemplate(template, file, dialect))
  module.addChannel(name, path)
  return { project, plan }
}

function open({ app, config, base, folder }: Place) {
  if (!existsSync(app)) {
    throw new MillraceError(
      'application_missing',
      `There is no ${app}. Run \`millrace init\`, or name the application module: --app.`,
    )
  }
  const project = readProject(dirname(app), config)
  const plan = new Plan()
  const usual = foldersOf(app, config, base)
  const folders = folder === undefined ? usual : { events: folder, listeners: folder, channels: folder }
  return { project, plan, folders, module: new ApplicationModule(project, plan, app) }
}

function fileFor(project: Project, folder: string, name: string): string {
  return join(folder, `${project.fileName(wordsOf(name))}${project.extension}`)
}

function addTest(
  { tests, untested, specifier, write }: Project,
  plan: Plan,
  path: string,
  template: (file: string, dialect: TestDialect) => string,
): void {
  if (untested !== undefined) plan.notes.push(untested)
  if (tests === undefined) return
  const testPath = path.replace(/(\.\w+)$/, `.${tests.suffix}$1`)
  plan.create(testPath, write(template(specifier(testPath, path), dialectOf(tests.runner))), 'its test')
}

/** A channel on which anything may be published, and that has one name: `messages`, or else the first. */
function openChannel({ sources }: Project): Declaration | undefined {
  const declared = declarationsIn(sources, 'defineChannel').filter(
    ({ text, call }) => !/[{*]/.test(text) && !/\bevents\b/.test(call),
  )
  return declared.find(({ text }) => text === 'messages') ?? declared[0]
}

function exists(what: string, project: Project, { path }: Declaration): MillraceError {
  return new MillraceError('file_exists', `There is ${what} already, in ${project.show(path)}. Nothing was changed.`, {
    data: { path },
  })
}

function unknownEvent(name: string, declared: readonly Declaration[]): MillraceError {
  const names = declared.map((event) => event.name)
  const known =
    names.length === 0 ? `There are none yet: millrace make event ${name}` : `There are ${names.join(', ')}.`
  return new MillraceError('event_unknown', `No file exports an event ${quote(name)}. ${known}`, {
    data: { events: names },
  })
}
