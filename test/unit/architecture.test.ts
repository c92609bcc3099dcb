import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

// The linter enforces the floors (biome.json). Here a small tree with every import that the house could have, right and
// wrong, shows that it does: each file below may import what stands beside it, and of `everything` nothing else.
const base = ['base/x.ts']
const sse = ['sse/x.ts']
const sqlite = ['sqlite/x.ts']
const queueCore = ['queue/x.ts']
const diskQueue = ['queue/disk/x.ts']
const bullmq = ['queue/bullmq/x.ts']
const queue = [...queueCore, ...diskQueue, ...bullmq]
const eventDefinitions = ['events/define.ts']
const events = [...eventDefinitions, 'events/x.ts']
const outbox = ['outbox/x.ts']
const pattern = ['channels/pattern.ts']
const channelDefinitions = ['channels/define.ts', 'channels/name.ts', ...pattern]
const channels = [...channelDefinitions, 'channels/x.ts']
const port = ['broker/port.ts']
const retention = ['broker/retention.ts']
const brokerCore = [...port, ...retention, 'broker/x.ts']
const memory = ['broker/memory/x.ts']
const disk = ['broker/disk/x.ts']
const redis = ['broker/redis/x.ts']
const shared = ['broker/shared/x.ts']
const broker = [...brokerCore, ...memory, ...disk, ...redis, ...shared]
const hubLog = ['hub/log/x.ts']
const hub = ['hub/x.ts', ...hubLog]
const gzip = ['gzip/x.ts']
const http = ['http/x.ts']
const adapters = ['adapters/x.ts']
const serverCore = ['server/x.ts']
const workers = ['server/workers/x.ts']
const server = [...serverCore, ...workers]
const config = ['config/config.ts', 'config/x.ts']
const templates = ['generate/templates/x.ts']
const generateCore = ['generate/x.ts']
const generate = [...generateCore, ...templates]
const cli = ['cli/x.ts']
const testing = ['testing/x.ts']
const opentelemetry = ['opentelemetry/x.ts']
const client = ['client/x.ts']
const react = ['react/x.ts']
const node = ['node:fs', 'node:stream/web']
const doors = ['index.ts', 'redis.ts', 'millrace', 'millrace/redis']
const others = [
  '@opentelemetry/api',
  '@photostructure/sqlite',
  '@standard-schema/spec',
  'bullmq',
  'commander',
  'express',
  'fastify',
  'get-tsconfig',
  'ioredis',
  'jiti',
  'react',
  'redis',
  'vitest',
  'zod',
]

const library = [...base, ...sse, ...queue, ...events, ...channels, ...broker, ...hub, ...gzip, ...http, ...adapters]
const everything = [
  ...library,
  ...sqlite,
  ...outbox,
  ...server,
  ...config,
  ...cli,
  ...testing,
  ...opentelemetry,
  ...client,
  ...react,
  ...node,
  ...doors,
  ...others,
]

const floors: Record<string, readonly string[]> = {
  'base/a.ts': [...base],
  'base/schema.ts': [...base, '@standard-schema/spec'],
  'sse/a.ts': [...base, ...sse],
  'sqlite/a.ts': [...base, ...sqlite, ...node],
  'queue/a.ts': [...base, ...queueCore],
  'queue/disk/a.ts': [...base, ...sqlite, ...queueCore, ...diskQueue, ...node],
  'queue/bullmq/a.ts': [...base, ...queueCore, ...bullmq, ...node],
  'queue/bullmq/library.ts': [...base, ...queueCore, ...bullmq, ...node, 'bullmq', 'ioredis'],
  'events/a.ts': [...base, ...sse, ...queueCore, ...events],
  'outbox/a.ts': [...base, ...queueCore, ...events, ...outbox],
  'channels/a.ts': [...base, ...sse, ...events, ...retention, ...channels],
  'broker/a.ts': [...base, ...sse, ...brokerCore],
  'broker/memory/a.ts': [...base, ...sse, ...brokerCore, ...memory],
  'broker/shared/a.ts': [...base, ...sse, ...brokerCore, ...shared],
  'broker/disk/a.ts': [...base, ...sqlite, ...sse, ...brokerCore, ...disk, ...node],
  'broker/redis/a.ts': [...base, ...sse, ...brokerCore, ...redis, ...node, 'redis'],
  'hub/a.ts': [...base, ...sse, ...events, ...channels, ...port, ...retention, ...memory, ...hub],
  'hub/log/a.ts': [...base, ...port, ...hub],
  'gzip/a.ts': [...base, ...hub, ...gzip],
  'http/a.ts': [...base, ...sse, ...channels, ...port, ...hub, ...gzip, ...http],
  'adapters/a.ts': [...base, ...sse, ...hub, ...http, ...adapters, ...node],
  'adapters/web.ts': [...base, ...sse, ...hub, ...http, ...adapters],
  'adapters/express.ts': [...base, ...sse, ...hub, ...http, ...adapters, ...node, 'express'],
  'adapters/fastify.ts': [...base, ...sse, ...hub, ...http, ...adapters, ...node, 'fastify'],
  'testing/a.ts': [
    ...base,
    ...sse,
    ...queueCore,
    ...events,
    ...channels,
    ...brokerCore,
    ...memory,
    ...hub,
    ...http,
    ...testing,
    ...node,
  ],
  'testing/vitest.ts': [...testing, 'vitest'],
  'opentelemetry/a.ts': [...base, ...opentelemetry, '@opentelemetry/api'],
  'server/a.ts': [...library, ...server, ...node],
  'server/workers/a.ts': [...base, ...broker, ...hub, ...server, ...node],
  'config/a.ts': [...base, ...config, ...node],
  'config/module.ts': [...base, ...config, ...node, 'jiti'],
  'generate/a.ts': [...base, ...pattern, ...config, ...generate, ...node],
  'generate/typescript.ts': [...base, ...config, ...generate, ...node, 'get-tsconfig'],
  'generate/templates/a.ts': [...base, ...pattern, 'config/config.ts', ...generate],
  'cli/a.ts': [...library, ...server, ...config, ...generateCore, ...cli, ...node, 'commander'],
  'client/a.ts': [...base, ...sse, ...eventDefinitions, ...channelDefinitions, ...client],
  'react/a.ts': [...base, ...sse, ...eventDefinitions, ...channelDefinitions, ...client, ...react, 'react'],
  'a.ts': [
    ...library,
    ...sqlite,
    ...outbox,
    ...server,
    ...config,
    ...generate,
    ...cli,
    ...testing,
    ...opentelemetry,
    ...client,
    ...react,
  ],
  'unknown/a.ts': [],
}

/** Other rules that this project leans on, each with code that breaks it. Platform globals count where Node is not known. */
const rules: Record<string, string> = {
  'suspicious/noExplicitAny': 'export const value: any = 1',
  'suspicious/noImportCycles': "export { value } from './cycle.ts'",
  'style/noNonNullAssertion': 'export const f = (text?: string) => text!.length',
  'style/noEnum': 'export enum Kind {\n  A,\n}',
  'style/noParameterProperties': 'export class A {\n  constructor(readonly a: string) {}\n}',
  'style/useNodejsImportProtocol': "export { join } from 'path'",
  'style/noRestrictedGlobals': 'export const env = process.env',
  'correctness/useImportExtensions': "export { value } from './noExplicitAny'",
  'correctness/noUnusedImports': "import { value } from './noExplicitAny.ts'",
  'correctness/noUnusedVariables': 'const value = 1',
  'nursery/noFloatingPromises': 'async function f(): Promise<void> {}\nexport const g = () => {\n  f()\n}',
  'nursery/noMisusedPromises':
    'async function f(): Promise<boolean> {\n  return true\n}\nexport const g = () => {\n  if (f()) return 1\n  return 2\n}',
}

describe('the linter', () => {
  let tree: string
  let found: readonly Diagnostic[]

  beforeAll(async () => {
    tree = await mkdtemp(join(tmpdir(), 'millrace-architecture-'))
    for (const file of ['biome.json', '.gitignore']) await copyFile(join(root, file), join(tree, file))
    for (const file of Object.keys(floors)) {
      await write(`src/${file}`, everything.map((target) => `export * from '${specifier(file, target)}'\n`).join(''))
    }
    for (const [rule, code] of Object.entries(rules)) await write(fileOf(rule), `${code}\n`)
    await write('src/sse/rules/cycle.ts', "export { value } from './noImportCycles.ts'\n")
    found = await lint(tree, '.')
  })

  afterAll(() => rm(tree, { recursive: true }))

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(tree, path)), { recursive: true })
    await writeFile(join(tree, path), text)
  }

  test.for(Object.entries(floors))('lets src/%s import what lies below it and nothing else', ([file, allowed]) => {
    const refused = found
      .filter(({ path, category }) => path === `src/${file}` && category === 'lint/style/noRestrictedImports')
      .map(({ line }) => everything[line - 1])

    expect(everything.filter((target) => !refused.includes(target))).toEqual(
      everything.filter((target) => allowed.includes(target)),
    )
  })

  test.for(Object.keys(rules))('reports what breaks %s', (rule) => {
    const reported = found.filter(({ path }) => path === fileOf(rule)).map(({ category }) => category)

    expect(reported).toContain(`lint/${rule}`)
  })
})

describe('src', () => {
  // The linter reads every file of src: on a busy machine that takes its time.
  test('keeps its floors', { timeout: 60_000 }, async () => {
    const found = await lint(root, 'src')

    expect(found.filter(({ category }) => /noRestricted|noImportCycles/.test(category))).toEqual([])
  })

  test('has no import in the place of a type, which the linter does not see', async () => {
    expect(await filesWith(hasTypeImport)).toEqual([])
    expect(hasTypeImport("let a: import('../hub/hub.ts').Hub")).toBe(true)
    expect(hasTypeImport("await import('redis').then(use)")).toBe(false)
  })

  test('has no empty catch', async () => {
    expect(await filesWith(hasEmptyCatch)).toEqual([])
    expect(hasEmptyCatch('try { a() } catch {}')).toBe(true)
    expect(hasEmptyCatch('try { a() } catch (error) {\n}')).toBe(true)
    expect(hasEmptyCatch('try { a() } catch {\n  // Closed already.\n}')).toBe(false)
  })

  test('has doors that do nothing but re-export', async () => {
    const names = (await readdir(join(root, 'src'))).filter((name) => name.endsWith('.ts'))
    const broken: string[] = []
    for (const name of names) {
      if (!isDoor(await readFile(join(root, 'src', name), 'utf8'))) broken.push(name)
    }

    expect(broken).toEqual([])
    expect(isDoor("/** What a door is. */\nexport { a, type B } from './a.ts'\nexport type * from './b.ts'\n")).toBe(
      true,
    )
    expect(isDoor("export { a } from './a.ts'\nexport const b = 1\n")).toBe(false)
    expect(isDoor("import './a.ts'\n")).toBe(false)
  })
})

interface Diagnostic {
  readonly category: string
  readonly path: string
  readonly line: number
}

async function lint(cwd: string, path: string): Promise<readonly Diagnostic[]> {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const args = [biome, 'lint', '--reporter=json', '--max-diagnostics=none', path]
  const output = await new Promise<string>((resolve, reject) => {
    // It exits with 1 where it finds something, as it does here on purpose.
    execFile(process.execPath, args, { cwd, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout, stderr) =>
      stdout === '' ? reject(new Error(`biome found nothing to say: ${stderr}`)) : resolve(stdout),
    )
  })
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: { category: string; location: { path: string; start: { line: number } } }[]
  }
  return diagnostics.map(({ category, location }) => ({ category, path: location.path, line: location.start.line }))
}

/** How `file` would import `target`: both as paths in src, or `target` as the name of a package. */
function specifier(file: string, target: string): string {
  if (!target.endsWith('.ts')) return target
  const path = posix.relative(posix.dirname(file), target)
  return path.startsWith('.') ? path : `./${path}`
}

function fileOf(rule: string): string {
  return `src/sse/rules/${rule.split('/')[1]}.ts`
}

/** The files in src of which `test` is true. */
async function filesWith(test: (code: string) => boolean): Promise<string[]> {
  const found: string[] = []
  for (const path of await readdir(join(root, 'src'), { recursive: true })) {
    if (path.endsWith('.ts') && test(await readFile(join(root, 'src', path), 'utf8'))) found.push(path)
  }
  return found
}

function hasEmptyCatch(code: string): boolean {
  return /\bcatch\s*(\(\w+\)\s*)?\{\s*\}/.test(code)
}

function hasTypeImport(code: string): boolean {
  return /\bimport\((['"])[^'"]+\1\)\.(?!then\b|catch\b|finally\b)/.test(code)
}

function isDoor(code: string): boolean {
  const withoutComments = code.replace(/\/\*.*?\*\/|^\s*\/\/.*$/gms, '')
  return withoutComments.replace(/^export (type )?(\*( as \w+)?|\{[^}]*\}) from '[^']+'$/gm, '').trim() === ''
}
