import { mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run } from './command.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const server = "import express from 'express'\n\nconst app = express()\n"

let cwd: string

beforeEach(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), 'millrace-make-')))
  await writeFile(join(cwd, 'package.json'), '{ "type": "module", "dependencies": { "express": "^5.0.0" } }')
  await writeFile(join(cwd, 'server.js'), server)
  await symlink(join(root, 'node_modules'), join(cwd, 'node_modules'))
})

afterEach(() => rm(cwd, { recursive: true }))

const before = ['node_modules', 'package.json', 'server.js']

test('says what it would do, and does nothing', async () => {
  const { code, stdout } = await run(['init', '--dry-run'], { cwd })

  expect(code).toBe(0)
  expect(stdout).toMatch(
    /^Express, JavaScript, ES modules\n\nwould be created {2}millrace\.config\.js .*\n[\s\S]*would be changed {2}server\.js/,
  )
  expect((await readdir(cwd)).toSorted()).toEqual(before)
})

test('tells programs as JSON what it did', async () => {
  const made = await run(['init', '--json'], { cwd })
  const again = await run(['init', '--json'], { cwd })

  expect(JSON.parse(made.stdout)).toMatchObject({
    created: ['millrace.config.js', 'channels/messages.js', 'push.js'],
    changed: ['server.js', 'package.json'],
    todo: [],
    framework: 'express',
  })
  expect(JSON.parse(again.stdout)).toMatchObject({ created: [], changed: [], todo: [] })
})

test('says so where there is nothing to do', async () => {
  await run(['init'], { cwd })

  expect(await run(['init'], { cwd })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Nothing was changed.'),
  })
})

test('prints what to add to a server that it does not recognise', async () => {
  await writeFile(join(cwd, 'server.js'), "import express from 'express'\n\nexport default express()\n")

  const { code, stdout } = await run(['init'], { cwd })

  expect(code).toBe(0)
  expect(stdout).toContain(`by hand  server.js: give your server its route

    import { sse } from 'millrace/express'
    import { hub } from './push.js'

    app.get('/sse', sse(hub))
`)
})

test('ends with 1 where something is there already, or is missing, and with 2 where it was not understood', async () => {
  const bare = await run(['make', 'event', 'NewMessage'], { cwd })
  await run(['init'], { cwd })
  const made = await run(['make', 'event', 'NewMessage'], { cwd })
  const again = await run(['make', 'event', 'NewMessage'], { cwd })
  const unknown = await run(['make', 'listener', 'SendMessage', '--event', 'NewMassage'], { cwd })
  const wrong = await run(['make', 'event', 'new-message', '--json'], { cwd })

  expect(bare).toMatchObject({ code: 1, stderr: expect.stringMatching(/millrace init.*\(config_missing\)/) })
  expect(made).toMatchObject({ code: 0, stderr: '' })
  expect(again).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('(file_exists)') })
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringMatching(/There are NewMessage\. \(event_unknown\)/) })
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean NewMessage?') })
})
