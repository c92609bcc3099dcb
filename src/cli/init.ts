import { findConfig } from '../config/find.ts'
import { frameworkNames } from '../generate/framework.ts'
import { type Initiated, init } from '../generate/init.ts'
import { installCommand } from '../generate/manifest.ts'
import type { Project } from '../generate/project.ts'
import { type ChangesOptions, carryOut } from './changes.ts'
import { paint, say } from './output.ts'
import { readVersion } from './version.ts'

export interface InitCommandOptions extends ChangesOptions {
  readonly framework?: string
  readonly app?: string
  readonly server?: string
}

/** @throws {MillraceError} as `init` of generate, and `config_invalid` */
export async function initialize(options: InitCommandOptions): Promise<void> {
  const { framework, app, server, json = false } = options
  const folder = process.cwd()
  const found = await findConfig(folder)
  const done = init({ folder, found, framework, app, server, range: `^${readVersion()}` })
  const isDone = done.plan.steps.length === 0 && done.plan.todos.length === 0
  if (!json) {
    say(`${frameworkNames[done.framework]}, ${languageOf(done.project)}\n`)
    for (const what of done.plan.found) say(`${paint('dim', 'found')}    ${what}`)
  }
  carryOut(done.project, done.plan, options, { framework: done.framework, next: nextSteps(done) })
  if (json) return
  if (isDone) {
    say('\nEverything is there. Nothing was changed.')
    return
  }
  say(
    `\nNext:\n${nextSteps(done)
      .map((line) => `  ${line}`)
      .join('\n')}`,
  )
}

function languageOf({ isTypeScript, isCommonJs }: Project): string {
  const modules = isCommonJs ? 'CommonJS: Node 20.19 or newer, which can require ES modules' : 'ES modules'
  return `${isTypeScript ? 'TypeScript' : 'JavaScript'}, ${modules}`
}

function nextSteps({ project, framework, isInstalled }: Initiated): readonly string[] {
  const { manifest } = project
  const script = ['dev', 'start'].find((name) => name in manifest.scripts)
  return [
    ...(isInstalled ? [] : [installCommand(manifest)]),
    ...(script === undefined ? [] : [`npm run ${script}`]),
    `curl -N 'http://localhost:3000/sse?channel=messages'${framework === 'next' ? '' : '   (or your own port)'}`,
    'npx millrace make event NewMessage',
  ]
}
