import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findConfig } from '../../../src/config/find.ts'
import { init } from '../../../src/generate/init.ts'

let folder: string

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'millrace-init-')))
})

afterEach(() => rm(folder, { recursive: true }))

type Files = Readonly<Record<string, string>>

async function write(files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

const read = (path: string) => readFile(join(folder, path), 'utf8')

/** A package.json of an ES module application. */
const manifest = (dependencies: object, more: object = { type: 'module' }) => JSON.stringify({ ...more, dependencies })

/** What `init` would do. */
async function plan(options: { readonly framework?: string; readonly app?: string; readonly server?: string } = {}) {
  const found = existsSync(join(folder, 'millrace.config.mjs')) ? await findConfig(folder) : undefined
  return init({ folder, found, range: '^1.0.0', ...options }).plan
}

const tsconfig = (options: object, more: object = { include: ['src'] }) =>
  JSON.stringify({ compilerOptions: options, ...more })

describe('the server of an Express application', () => {
  test.for([
    ['const app = express()\n', 'const app = express()\n\napp.get'],
    ['export const app = express();\n', 'export const app = express();\n\napp.get'],
    ['let api = express()\n  .disable("etag")\n', '.disable("etag")\n\napi.get'],
    ['function make() {\n  const app = express()\n  return app\n}\n', '  const app = express()\n\n  app.get'],
    ['class A {\n  b() {\n    this.app = express()\n  }\n}\n', '    this.app = express()\n\n    this.app.get'],
  ])('is recognised in %j', async ([code = '', result]) => {
    await write({
      'package.json': manifest({ express: '^5.0.0' }),
      'index.js': `import express from "express"\n\n${code}`,
    })

    const { steps, todos } = await plan()

    const server = steps.find(({ path }) => path.endsWith('index.js'))
    expect(server?.after).toContain(`${result}("/sse", sse(hub))`)
    expect(server?.after).toContain('import { sse } from "millrace/express"\nimport { hub } from "./push.js"\n')
    expect(todos).toEqual([])
  })

  test('is recognised where it has a type', async () => {
    const code = 'import express, { type Express } from "express"\n\nexport const app: Express = express()\n'
    await write({ 'package.json': manifest({ express: '^5.0.0' }), 'index.ts': code })

    const { steps } = await plan()

    const server = steps.find(({ path }) => path.endsWith('index.ts'))
    expect(server?.after).toContain('export const app: Express = express()\n\napp.get("/sse", sse(hub))')
  })

  test.for([
    ['two of them', 'const a = express()\nconst b = express()\n', /give your server/],
    ['one that is exported as it is made', 'export default express()\n', /give your server/],
    ['one that has the path already', "const app = express()\napp.get('/sse', other)\n", /another path/],
    ['only a comment about one', '// const app = express()\n', /give your server/],
  ] as const)('is left alone where there is %s, and what to add is told', async ([, code, what]) => {
    await write({
      'package.json': manifest({ express: '^5.0.0' }),
      'index.js': `import express from 'express'\n${code}`,
    })

    const { steps, todos } = await plan()

    expect(steps.map(({ path }) => path.slice(folder.length))).not.toContain('/index.js')
    expect(todos).toMatchObject([
      { what: expect.stringMatching(what), code: expect.stringContaining("get('/sse', sse(hub))") },
    ])
  })

  test('is the one that listens, of several', async () => {
    const code =
      "import express from 'express'\nconst admin = express()\nconst app = express()\napp.use('/admin', admin)\napp.listen(80)\n"
    await write({ 'package.json': manifest({ express: '^5.0.0' }), 'index.js': code })

    expect((await plan()).steps.find(({ path }) => path.endsWith('index.js'))?.after).toContain("app.get('/sse'")
  })

  test('is the one that --server names', async () => {
    const code = "import express from 'express'\nconst app = express()\napp.listen(80)\n"
    await write({ 'package.json': manifest({ express: '^5.0.0' }), 'a.js': code, 'b.js': code })

    expect((await plan()).todos).toHaveLength(1)
    expect((await plan({ server: 'b.js' })).steps.map(({ path }) => path)).toContain(join(folder, 'b.js'))
  })

  test('keeps its own names', async () => {
    const code = "import express from 'express'\nconst hub = 1\nfunction sse() {}\nconst app = express()\n"
    await write({ 'package.json': manifest({ express: '^5.0.0' }), 'index.js': code })

    expect((await plan()).steps.find(({ path }) => path.endsWith('index.js'))?.after).toMatch(
      /sse as pushStream[\s\S]*hub as pushHub[\s\S]*app\.get\('\/sse', pushStream\(pushHub\)\)/,
    )
  })
})

test('the server of a Fastify application is recognised where it is required and made at once', async () => {
  const code = "const app = require('fastify')({ logger: true })\napp.listen({ port: 80 })\n"
  await write({ 'package.json': manifest({ fastify: '^5.0.0' }, {}), 'server.js': code })

  const { steps } = await plan()

  expect(steps.find(({ path }) => path.endsWith('server.js'))?.after).toBe(
    "const app = require('fastify')({ logger: true })\nconst { millrace } = require('millrace/fastify')\n" +
      "const { hub } = require('./push.mjs')\n\napp.register(millrace, { hub })\napp.listen({ port: 80 })\n",
  )
})

test('where a server is required and made over several lines, the imports stand behind all of them', async () => {
  const code = "const app = require('fastify')({\n  logger: true\n})\napp.listen({ port: 80 })\n"
  await write({ 'package.json': manifest({ fastify: '^5.0.0' }, {}), 'server.js': code })

  const { steps } = await plan()

  expect(steps.find(({ path }) => path.endsWith('server.js'))?.after).toBe(
    "const app = require('fastify')({\n  logger: true\n})\nconst { millrace } = require('millrace/fastify')\n" +
      "const { hub } = require('./push.mjs')\n\napp.register(millrace, { hub })\napp.listen({ port: 80 })\n",
  )
})

describe('an application that could not compile or run what would be written is refused, with what to change', () => {
  const cases: readonly (readonly [string, Files, RegExp])[] = [
    ['one without a package.json', {}, /no package\.json/],
    ['one whose package.json is broken', { 'package.json': '{' }, /cannot be read/],
    ['one of another framework', { 'package.json': manifest({ koa: '1' }) }, /none of express/],
    ['one of two frameworks', { 'package.json': manifest({ express: '^5.0.0', hono: '^4.0.0' }) }, /--framework/],
    ['Fastify 4', { 'package.json': manifest({ fastify: '^4.0.0' }) }, /Fastify 4/],
    [
      'old module resolution',
      {
        'package.json': manifest({ express: '^5.0.0', typescript: '^5.0.0' }),
        'tsconfig.json': tsconfig({ module: 'commonjs', moduleResolution: 'node' }),
      },
      /"module": "nodenext"/,
    ],
    [
      'CommonJS that may not require ES modules',
      {
        'package.json': manifest({ express: '^5.0.0', typescript: '^5.0.0' }, {}),
        'tsconfig.json': tsconfig({ module: 'node16' }),
      },
      /"module": "nodenext" \(TypeScript 5\.8/,
    ],
    [
      'CommonJS with verbatimModuleSyntax',
      {
        'package.json': manifest({ express: '^5.0.0', typescript: '^5.0.0' }, {}),
        'tsconfig.json': tsconfig({ module: 'nodenext', verbatimModuleSyntax: true }),
      },
      /verbatimModuleSyntax to false/,
    ],
    [
      'one that makes a hub elsewhere',
      {
        'package.json': manifest({ express: '^5.0.0' }),
        'hub.js': "import { createHub } from 'millrace'\nexport const hub = createHub({ channels: [] })\n",
      },
      /hub\.js makes a hub already/,
    ],
  ]

  test.for(cases)('%s', async ([, files, message]) => {
    await write(files)

    await expect(plan()).rejects.toMatchObject({ code: 'project_unsupported', message: expect.stringMatching(message) })
  })
})

describe('what is written', () => {
  const server = "import express from 'express';\nconst app = express();\n"
  const express = manifest({ express: '^5.0.0', typescript: '^5.0.0' })

  test('is JavaScript for the configuration where one more file beside tsconfig.json would move what the compiler writes', async () => {
    await write({
      'package.json': express,
      'tsconfig.json': tsconfig({ module: 'nodenext', outDir: 'dist' }, {}),
      'src/index.ts': server,
    })

    expect((await plan()).steps.map(({ path }) => path)).toContain(join(folder, 'millrace.config.mjs'))
  })

  test('uses an application module that is there', async () => {
    const own =
      "import { createEvents } from 'millrace'\nexport const events = createEvents()\nexport const hub = createHub()\n"
    await write({
      'package.json': express,
      'tsconfig.json': tsconfig({ module: 'nodenext' }),
      'src/index.ts': server,
      'src/core.ts': own,
    })

    const { steps } = await plan()

    expect(steps.find(({ path }) => path.endsWith('millrace.config.ts'))?.after).toContain("app: 'src/core.ts'")
    expect(steps.map(({ path }) => path)).not.toContain(join(folder, 'src/push.ts'))
  })

  test('overwrites nothing, and nothing is half written', async () => {
    await write({
      'package.json': express,
      'tsconfig.json': tsconfig({ module: 'nodenext' }),
      'src/index.ts': server,
      'src/push.ts': '// mine\n',
    })

    await expect(plan()).rejects.toMatchObject({ code: 'file_exists', message: expect.stringContaining('src/push.ts') })
    expect(await readdir(folder)).toEqual(['package.json', 'src', 'tsconfig.json'])
    expect((await plan({ app: 'src/realtime.ts' })).steps.map(({ path }) => path)).toContain(
      join(folder, 'src/realtime.ts'),
    )
  })

  test('is taken back where one of the files cannot be written', async () => {
    await write({ 'package.json': manifest({ express: '^5.0.0' }), 'index.js': server })
    const planned = await plan()
    await write({ 'push.js': '// meanwhile\n' })

    expect(() => planned.apply()).toThrow('push.js already')
    expect((await readdir(folder)).toSorted()).toEqual(['channels', 'index.js', 'package.json', 'push.js'])
    expect(await readdir(join(folder, 'channels'))).toEqual([])
    expect(await read('index.js')).toBe(server)
  })

  test('is nothing the second time', async () => {
    await write({ 'package.json': manifest({ express: '^5.0.0' }), 'index.mjs': server })
    ;(await plan()).apply()

    const { steps, todos, found } = await plan()

    expect(steps).toEqual([])
    expect(todos).toEqual([])
    expect(found).toEqual([
      'millrace.config.mjs is there',
      'push.mjs is there',
      'index.mjs streams',
      'package.json has millrace',
    ])
  })

  test('keeps the indentation and the order of package.json', async () => {
    await write({
      'package.json':
        '{\n\t"dependencies": {\n\t\t"express": "^5.0.0",\n\t\t"zod": "^4.0.0"\n\t},\n\t"type": "module"\n}\n',
      'index.js': server,
    })

    expect((await plan()).steps.find(({ path }) => path.endsWith('package.json'))?.after).toBe(
      '{\n\t"dependencies": {\n\t\t"express": "^5.0.0",\n\t\t"millrace": "^1.0.0",\n\t\t"zod": "^4.0.0"\n\t},\n\t"type": "module"\n}\n',
    )
  })
})

describe('an application in TypeScript', () => {
  test('without a tsconfig.json, as Node runs it, imports with .ts', async () => {
    const code = "import express from 'express'\n\nconst app = express()\n"
    await write({ 'package.json': manifest({ express: '^5.0.0' }), 'server.ts': code })

    const server = (await plan()).steps.find(({ path }) => path.endsWith('server.ts'))

    expect(server?.after).toContain("import { hub } from './push.ts'")
  })

  test('is not one that has the compiler only to check its JavaScript', async () => {
    const code = "import express from 'express'\n\nconst app = express()\n"
    await write({
      'package.json': manifest({ express: '^5.0.0', typescript: '^5.0.0' }),
      'tsconfig.json': tsconfig({ checkJs: true }),
      'server.js': code,
    })

    expect((await plan()).steps.map(({ path }) => path)).toContain(join(folder, 'push.js'))
  })
})

test('the line ends of a file are kept', async () => {
  const code = "import express from 'express'\r\n\r\nconst app = express()\r\napp.listen(80)\r\n"
  await write({ 'package.json': manifest({ express: '^5.0.0' }), 'server.js': code })

  const server = (await plan()).steps.find(({ path }) => path.endsWith('server.js'))

  expect(server?.after).toBe(
    "import express from 'express'\r\nimport { sse } from 'millrace/express'\r\nimport { hub } from './push.js'\r\n\r\n" +
      "const app = express()\r\n\r\napp.get('/sse', sse(hub))\r\napp.listen(80)\r\n",
  )
})

test.for([
  ['{}', true],
  ['{ cacheComponents: true }', false],
] as const)(
  'the route of a Next.js application with %s says of itself what Next.js takes',
  async ([config, isSaid]) => {
    await write({
      'package.json': manifest({ next: '^16.0.0' }, {}),
      'app/page.js': 'a()\n',
      'next.config.mjs': `export default ${config}\n`,
    })

    const route = (await plan()).steps.find(({ path }) => path.endsWith('app/sse/route.js'))

    expect(route?.after.includes('force-dynamic')).toBe(isSaid)
  },
)
