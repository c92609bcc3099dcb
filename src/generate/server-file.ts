import { parses } from '../config/module.ts'
import { addImport, insert, usesName } from './edit.ts'
import type { Framework } from './framework.ts'
import { importsOf, isCommonJs, localNames } from './imports.ts'
import { outline, statementEnd } from './outline.ts'
import type { Project } from './project.ts'
import { isTest, type Source, stemOf } from './sources.ts'

/** A framework with a server file; Next.js has none. */
export type ServerFramework = Exclude<Framework, 'next'>

/** Where an application's server is made: `const app = express()`. */
export interface ServerFile extends Source {
  /** What it is called: `app`, `this.app`. */
  readonly name: string
  /** Where its statement ends. */
  readonly end: number
  readonly indent: string
}

const makers: Readonly<
  Record<ServerFramework, readonly (readonly [module: string, exported: readonly string[], isClass: boolean])[]>
> = {
  express: [['express', ['default'], false]],
  fastify: [['fastify', ['default', 'fastify'], false]],
  hono: [
    ['hono', ['Hono'], true],
    ['hono/tiny', ['Hono'], true],
    ['hono/quick', ['Hono'], true],
    ['@hono/zod-openapi', ['OpenAPIHono'], true],
  ],
}

/** Every place in the application where a server is made, those first that are the server most likely. */
export function findServers({ sources, manifest }: Project, framework: ServerFramework): readonly ServerFile[] {
  const started = `${manifest.main ?? ''} ${manifest.scripts.start ?? ''} ${manifest.scripts.dev ?? ''}`
  const rank = ({ path, text, name }: ServerFile) =>
    (new RegExp(`\\b${escaped(stemOf(path))}\\b`).test(started) ? 4 : 0) +
    (isServed(text, name) ? 2 : 0) +
    (/^(?:server|app|index|main)$/.test(stemOf(path)) ? 1 : 0)
  return sources
    .filter(({ path }) => !isTest(path))
    .flatMap((source) => serversIn(source, framework))
    .toSorted((a, b) => rank(b) - rank(a))
}

function serversIn({ path, text }: Source, framework: ServerFramework): readonly ServerFile[] {
  const callees = makers[framework].flatMap(([module, exported, isClass]) =>
    localNames(text, module, exported).map((name) => `${isClass ? 'new\\s+' : ''}${name}`),
  )
  const code = outline(text)
  // `require('fastify')({ logger: true })`: what the string holds stands in the text only.
  const direct = [...code.matchAll(/\brequire\s*\(\s*["'] *["']\s*\)\s*\(/g)].filter(({ 0: whole, index }) =>
    new RegExp(`["']${framework}["']`).test(text.slice(index, index + whole.length)),
  )
  const starts = [
    ...(callees.length === 0 ? [] : code.matchAll(new RegExp(`(?:${callees.join('|')})\\s*[(<]`, 'g'))),
    ...direct,
  ]
  return starts.flatMap(({ index }) => {
    const before = code.slice(0, index)
    const assigned =
      /(?:^|[\n;{}])([ \t]*)(?:export\s+)?(?:(?:const|let|var)\s+)?((?:this\.)?#?[\w$]+)(?:\s*:[^=\n]+)?\s*=\s*(?:await\s+)?$/.exec(
        before,
      )
    const [, indent = '', name = ''] = assigned ?? []
    return name === '' ? [] : [{ path, text, name, indent, end: statementEnd(code, index) }]
  })
}

function isServed(text: string, name: string): boolean {
  const own = escaped(name)
  return new RegExp(
    `${own}\\s*\\.\\s*(?:listen|fetch)\\b|\\b(?:serve|createServer)\\s*\\(\\s*${own}\\b|export\\s+default\\s+${own}\\b`,
  ).test(outline(text))
}

function escaped(text: string): string {
  return text.replace(/[$.#]/g, '\\$&')
}

/** The one that is meant; undefined where several could be. */
export function chooseServer(servers: readonly ServerFile[]): ServerFile | undefined {
  const served = servers.filter(({ text, name }) => isServed(text, name))
  if (servers.length <= 1) return servers[0]
  return served.length === 1 ? served[0] : undefined
}

/** The code that gives a server its `/sse`, to be shown or inserted. */
export interface RouteCode {
  readonly imports: readonly string[]
  readonly code: string
}

/** What to write in `path` for a server called `name`; the names that it declares are free in `text`. */
export function routeCode(
  { specifier, write }: Project,
  framework: ServerFramework,
  application: string,
  { path, text, name }: Pick<ServerFile, 'path' | 'text' | 'name'>,
): RouteCode {
  const free = (wanted: string, other: string) => (usesName(text, wanted) ? other : wanted)
  const hub = free('hub', 'pushHub')
  const exported = framework === 'fastify' ? 'millrace' : 'sse'
  const handler = free(exported, framework === 'fastify' ? 'millracePlugin' : 'pushStream')
  const stream = free('stream', 'openStream')
  const door = `millrace/${framework === 'hono' ? 'web' : framework}`
  const code = {
    express: `${name}.get('/sse', ${handler}(${hub}));`,
    fastify: `${name}.register(${handler}, { hub${hub === 'hub' ? '' : `: ${hub}`} });`,
    hono: `const ${stream} = ${handler}(${hub});\n${name}.get('/sse', ({ req }) => ${stream}(req.raw));`,
  }[framework]
  const line = (exportedName: string, local: string, from: string) => {
    if (isCommonJs(text)) {
      const names = local === exportedName ? local : `${exportedName}: ${local}`
      return `const { ${names} } = require('${from}');`
    }
    return `import { ${local === exportedName ? local : `${exportedName} as ${local}`} } from '${from}';`
  }
  const imports = [line(exported, handler, door), line('hub', hub, specifier(path, application))]
  return { imports: imports.map(write), code: write(code) }
}

/**
 * The text of the server file with its route, right behind the server: before middleware that would hold the stream back, and before
 * routes that would take its path. Undefined where what came out does not parse.
 */
export function withRoute({ path, text, end, indent }: ServerFile, { imports, code }: RouteCode): string | undefined {
  const indented = code.split('\n').map((line) => `${indent}${line}`)
  const added = insert(text, end, `\n\n${indented.join('\n')}`)
  const changed = imports.reduce(addImport, added)
  return parses(path, changed) ? changed : undefined
}

/** The file in which the application streams already. */
export function findRoute({ sources }: Project): string | undefined {
  const doors = /^millrace\/(?:node|web|express|fastify)$/
  return sources.find(({ path, text }) => !isTest(path) && importsOf(text).some(({ from }) => doors.test(from)))?.path
}

/** Whether it has something at this path already. */
export function hasPath({ text }: Source, path: string): boolean {
  return new RegExp(`["'\`]${path}["'\`]`).test(text)
}
