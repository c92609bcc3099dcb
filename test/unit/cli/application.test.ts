import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadApplication } from '../../../src/cli/application.ts'

const events =
  'export const events = { listen() {}, dispatch() {}, async close() { globalThis.closed.push("events") } }'
const hub = 'export const hub = { publish() {}, admit() {}, async close() { globalThis.closed.push("hub") } }'

let folder: string

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'millrace-application-')))
  Reflect.set(globalThis, 'closed', [])
})

afterEach(async () => {
  Reflect.deleteProperty(globalThis, 'closed')
  Reflect.deleteProperty(globalThis, Symbol.for('millrace.work'))
  await rm(folder, { recursive: true })
})

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), `${text}\n`)
  }
}

const load = (app?: string, from = '.') => loadApplication({ app, work: false, cwd: join(folder, from) })

describe('an application', () => {
  test.for(['ts', 'mts', 'js', 'mjs'])(
    'is found by the millrace.config.%s above the working directory',
    async (extension) => {
      await write({
        [`millrace.config.${extension}`]: "export default { app: 'src/push.mjs' }",
        'src/push.mjs': `${events}\n${hub}`,
        'src/deep/down/.keep': '',
      })

      const application = await load(undefined, 'src/deep/down')

      expect(application).toMatchObject({ path: join(folder, 'src/push.mjs'), hub: { publish: expect.any(Function) } })
    },
  )

  test('is the module of --app, from the working directory, whatever the configuration says', async () => {
    await write({ 'millrace.config.mjs': 'export default 5', 'src/other.mjs': events })

    expect(await load('./other.mjs', 'src')).toMatchObject({ path: join(folder, 'src/other.mjs'), hub: undefined })
  })

  test.for(['./parts.js', './parts.ts', './parts', '@/parts'])('in TypeScript may import %s', async (specifier) => {
    await write({
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }',
      'package.json': '{ "type": "module" }',
      'src/parts.ts': `interface Nothing {}\n${events}`,
      'src/push.ts': `export { events } from '${specifier}'\nexport const seen: string = import.meta.url`,
    })

    expect((await load('src/push.ts')).exports.seen).toContain('/src/push.ts')
  })

  test('in TypeScript may be CommonJS by its package.json', async () => {
    await write({
      'package.json': '{ "type": "commonjs" }',
      'push.ts': `import { sep } from 'node:path'\n${events}\nexport const seen = sep`,
    })

    expect((await load('push.ts')).exports.seen).toBe('/')
  })

  test('in JavaScript may be CommonJS', async () => {
    await write({
      'push.cjs': `const events = { listen() {}, dispatch() {}, close() {} }\nmodule.exports = Object.assign({}, { events })`,
    })

    expect((await load('push.cjs')).events.dispatch).toBeTypeOf('function')
  })

  test('is told before it is imported what it may work on', async () => {
    await write({
      'push.ts': `${events}\nexport const work: unknown = Reflect.get(globalThis, Symbol.for('millrace.work'))`,
    })

    const { exports } = await loadApplication({ app: 'push.ts', work: { queues: ['mail'] }, cwd: folder })

    expect(exports.work).toMatchObject({ work: { queues: ['mail'] } })
  })

  test('is closed listeners first, as they may publish', async () => {
    await write({ 'push.mjs': `${events}\n${hub}` })

    await (await load('push.mjs')).close()

    expect(Reflect.get(globalThis, 'closed')).toEqual(['events', 'hub'])
  })
})

describe('what cannot be loaded is told with what to do', () => {
  const config = "export default { app: 'push.ts' }"
  test.for<[string, Readonly<Record<string, string>>, string, RegExp]>([
    ['no configuration', {}, 'config_missing', /no millrace\.config\.ts .* --app src\/push\.ts/],
    ['one that throws', { 'millrace.config.ts': 'throw new Error("no")' }, 'config_invalid', /cannot be loaded: no/],
    ['one without a default', { 'millrace.config.ts': 'export const app = 1' }, 'config_invalid', /default export/],
    ['one without app', { 'millrace.config.mjs': 'export default {}' }, 'config_invalid', /app is .* not undefined/],
    [
      'one with a slip',
      { 'millrace.config.mjs': "export default { app: 'a', tets: 'jest' }" },
      'config_invalid',
      /"tets"/,
    ],
    [
      'a wrong folder',
      { 'millrace.config.mjs': "export default { app: 'a', events: 5 }" },
      'config_invalid',
      /events .* not 5/,
    ],
    [
      'a wrong runner',
      { 'millrace.config.mjs': "export default { app: 'a', tests: 'mocha' }" },
      'config_invalid',
      /vitest, jest/,
    ],
    [
      'a missing module',
      { 'millrace.config.ts': config },
      'application_missing',
      /push\.ts, which app in .*millrace\.config\.ts names/,
    ],
    [
      'one that throws',
      { 'millrace.config.ts': config, 'push.ts': '\nthrow new Error("no url")' },
      'application_failed',
      /push\.ts threw .*: no url \(.*push\.ts:2/,
    ],
    [
      'one that does not parse',
      { 'millrace.config.ts': config, 'push.ts': 'export const = 5' },
      'application_failed',
      /push\.ts/,
    ],
    [
      'no events',
      { 'millrace.config.ts': config, 'push.ts': 'export {}' },
      'application_invalid',
      /exports no events.*createEvents/,
    ],
    [
      'events that are none',
      { 'millrace.config.ts': config, 'push.ts': 'export const events = 5' },
      'application_invalid',
      /none: 5/,
    ],
    [
      'a hub that is none',
      { 'millrace.config.ts': config, 'push.ts': `${events}\nexport const hub = {}` },
      'application_invalid',
      /createHub/,
    ],
  ])('%s', async ([, files, code, message]) => {
    await write(files)

    await expect(load()).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  test('--app that names no file', async () => {
    await expect(load('nowhere.ts')).rejects.toMatchObject({
      code: 'application_missing',
      message: expect.stringContaining('which --app names'),
    })
  })
})
