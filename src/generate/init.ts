import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { compilePattern } from '../channels/pattern.ts'
import type { FoundConfig } from '../config/find.ts'
import { declarationsIn } from './declarations.ts'
import { type Framework, frameworkOf } from './framework.ts'
import { unsupported, withDependency } from './manifest.ts'
import { addNextRoute, nextFolder } from './next-route.ts'
import { outline } from './outline.ts'
import { Plan } from './plan.ts'
import { foldersOf, type Project, readProject } from './project.ts'
import {
  chooseServer,
  findRoute,
  findServers,
  hasPath,
  routeCode,
  type ServerFramework,
  withRoute,
} from './server-file.ts'
import { isTest } from './sources.ts'
import { applicationTemplate, nextApplicationTemplate } from './templates/application.ts'
import { channelTemplate } from './templates/channel.ts'
import { configTemplate } from './templates/config.ts'
import { mayAddToRoot } from './typescript.ts'

export interface InitOptions {
  readonly folder: string
  /** The configuration that is there already. */
  readonly found: FoundConfig | undefined
  readonly framework?: string | undefined
  /** The path of the application module, from `folder`. @default `push` beside the server */
  readonly app?: string | undefined
  /** The path of the server file, from `folder`. @default the one that is found */
  readonly server?: string | undefined
  /** The range of versions that package.json is to ask for. */
  readonly range: string
}

export interface Initiated {
  readonly project: Project
  readonly framework: Framework
  readonly plan: Plan
  /** Whether `millrace` is there to be imported. */
  readonly isInstalled: boolean
}

/**
 * Thinks out the smallest working set-up for the application in `folder`, as far as it is not there.
 *
 * @throws {MillraceError} `project_unsupported`, `option_invalid`, `file_exists`
 */
export function init(options: InitOptions): Initiated {
  const { folder, found, range } = options
  const project = readProject(folder, found?.config)
  const framework = frameworkOf(project.manifest, options.framework)
  const plan = new Plan()
  const app = addApplication(plan, project, framework, options)
  if (framework === 'next') addNextRoute(plan, project, app)
  else addServerRoute(plan, project, framework, app, options)
  const { manifest } = project
  if ('millrace' in manifest.dependencies) plan.found.push('package.json has millrace')
  else plan.change(manifest.path, withDependency(manifest.text, 'millrace', range), `millrace ${range}`)
  return { project, framework, plan, isInstalled: isInstalled(manifest.root) }
}

/** The configuration, the application module and its channel. Gives the module's path. */
function addApplication(
  plan: Plan,
  project: Project,
  framework: Framework,
  { folder, found, app }: InitOptions,
): string {
  const { manifest, sources, show, write, extension } = project
  if (found !== undefined) plan.found.push(`${show(found.path)} is there`)
  const own = sources.filter(({ path }) => !isTest(path))
  const existing = own.find(({ text }) => /^export\s+const\s+events\s*=\s*createEvents\b/m.test(outline(text)))?.path
  const named =
    found === undefined
      ? app === undefined
        ? undefined
        : resolve(folder, app)
      : resolve(found.folder, found.config.app)
  const path = named ?? existing ?? join(baseFolder(project, framework), `push${extension}`)
  if (found === undefined) {
    const name = `millrace.config${project.isTypeScript && mayAddToRoot(manifest.root) ? '.ts' : project.isTypeScript ? '.mjs' : extension}`
    const shown = relative(manifest.root, path).replaceAll('\\', '/')
    plan.create(join(manifest.root, name), write(configTemplate(shown)), 'where the application module is')
  }
  if (existsSync(path)) {
    if (path === existing || found !== undefined) {
      plan.found.push(`${show(path)} is there`)
      return path
    }
  } else {
    const other = own.find(({ text }) => /(?<![\w.])createHub\s*\(/.test(outline(text)))
    if (other !== undefined) {
      throw unsupported(
        `${show(other.path)} makes a hub already. Let it export events as well, made by createEvents(), and start again. Nothing was changed.`,
      )
    }
  }
  const channel = addMessages(plan, project, path, found)
  const isNext = framework === 'next'
  const template = {
    messages: project.specifier(path, channel),
    env: project.env('MILLRACE_WORK'),
    isTypeScript: project.isTypeScript,
  }
  plan.create(path, write(isNext ? nextApplicationTemplate(template) : applicationTemplate(template)), 'events and hub')
  return path
}

/** The public channel `messages`. Gives the path of its file. */
function addMessages(plan: Plan, project: Project, app: string, found: FoundConfig | undefined): string {
  const declared = declarationsIn(project.sources, 'defineChannel').find(({ name }) => name === 'messages')
  if (declared !== undefined) return declared.path
  const { channels } = foldersOf(app, found?.config ?? {}, found?.folder ?? '')
  const path = join(channels, `messages${project.extension}`)
  const template = channelTemplate({ name: 'messages', pattern: compilePattern('messages'), isPrivate: false })
  plan.create(path, project.write(template), 'the channel messages')
  return path
}

/** Where an application keeps its own code. */
function baseFolder(project: Project, framework: Framework): string {
  const { root } = project.manifest
  if (framework === 'next') return join(root, nextFolder(root).startsWith('src') ? 'src' : 'lib')
  if (existsSync(join(root, 'src'))) return join(root, 'src')
  const server = chooseServer(findServers(project, framework))
  return server === undefined ? root : dirname(server.path)
}

function addServerRoute(
  plan: Plan,
  project: Project,
  framework: ServerFramework,
  app: string,
  { folder, server }: InitOptions,
): void {
  const found = findRoute(project)
  if (found !== undefined) {
    plan.found.push(`${project.show(found)} streams`)
    return
  }
  const path = server === undefined ? undefined : resolve(folder, server)
  const servers = findServers(project, framework).filter((one) => path === undefined || one.path === path)
  const chosen = chooseServer(servers)
  const shown = chosen ?? {
    path: path ?? servers[0]?.path ?? join(dirname(app), `server${project.extension}`),
    text: '',
    name: 'app',
  }
  const code = routeCode(project, framework, app, shown)
  const isFree = chosen !== undefined && !hasPath(chosen, '/sse')
  const changed = isFree ? withRoute(chosen, code) : undefined
  if (changed !== undefined) {
    plan.change(shown.path, changed, 'GET /sse')
    return
  }
  const what =
    chosen === undefined
      ? 'give your server its route'
      : isFree
        ? 'add the route'
        : 'add the route, at another path than /sse, which is taken'
  plan.todos.push({ path: shown.path, what, code: [...code.imports, '', code.code].join('\n') })
}

function isInstalled(root: string): boolean {
  const above = dirname(root)
  if (existsSync(join(root, 'node_modules/millrace/package.json'))) return true
  return above !== root && isInstalled(above)
}
