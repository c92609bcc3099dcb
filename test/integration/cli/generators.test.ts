import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, type TestContext, test } from 'vitest'

import { createParser, type ParsedEvent } from '../../../src/sse/parse.ts'
import { freePort } from '../../support/free-port.ts'
import { startGuarded } from '../../support/guarded-process.ts'
import { until } from '../../support/until.ts'
import { main } from './command.ts'
import { type Fixture, fixtures } from './support/applications.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const runFile = promisify(execFile)

/** Of the test's own context: beside others, there is no current test. */
type Undo = TestContext['onTestFinished']

test.concurrent.for(fixtures.map((fixture) => [fixture.name, fixture] as const))(
  '%s: init and make give an application that compiles, whose tests pass, and that streams',
  { timeout: 120_000 },
  async ([, fixture], { onTestFinished }) => {
    const folder = await install(fixture, onTestFinished)
    const millrace = (...args: string[]) => command(folder, process.execPath, main, ...args)
    const before = new Set(await files(folder))

    await millrace('init')
    await millrace('make', 'event', 'NewMessage')
    await millrace('make', 'listener', 'SendMessage', '--event', 'NewMessage', '--queued')
    await millrace('make', 'channel', 'news')
    await millrace('make', 'channel', 'rooms.{room}', '--private')

    expect((await files(folder)).filter((path) => !before.has(path))).toEqual(fixture.written.toSorted())
    await command(folder, 'npm', 'run', 'typecheck')
    expect(await command(folder, 'npm', 'test')).toMatch(
      new RegExp(`\\b${fixture.tests} passed|# pass ${fixture.tests}\\b`),
    )
    expect(JSON.parse(await millrace('list', '--json'))).toMatchObject({
      events: [{ name: 'NewMessage', listeners: ['send-message'] }],
      listeners: [{ listener: 'send-message', events: ['NewMessage'], queue: { name: 'default', attempts: 5 } }],
      channels: [
        { channel: 'messages', join: 'everyone' },
        { channel: 'news', join: 'everyone' },
        { channel: 'rooms.{room}', join: 'authorize' },
      ],
    })
    const { url, dispatch } = await start(folder, fixture, onTestFinished)
    const stream = await read(`${url}/sse?channel=messages`, onTestFinished)
    dispatch()

    expect(await stream.firstEvent()).toMatchObject({ event: 'NewMessage', data: '{"message":"Hello"}' })
    expect((await fetch(`${url}/sse?channel=rooms.1`)).status).toBe(403)
  },
)

/** The application in a folder of its own. */
async function install({ packages, files: texts }: Fixture, onTestFinished: Undo): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'millrace-generators-')))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const name of [...packages, 'typescript', '@types/node', '.bin']) {
    await mkdir(dirname(join(folder, 'node_modules', name)), { recursive: true })
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  await symlink(root, join(folder, 'node_modules/millrace'))
  for (const [path, text] of Object.entries(texts)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

async function files(folder: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue
    if (entry.isDirectory())
      found.push(...(await files(join(folder, entry.name))).map((path) => `${entry.name}/${path}`))
    else found.push(entry.name)
  }
  return found.toSorted()
}

async function command(cwd: string, file: string, ...args: readonly string[]): Promise<string> {
  // Not as a part of this test run, which vitest would take its own for.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' }
  try {
    const { stdout } = await runFile(file, args, { cwd, env })
    return stdout
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout?: string; readonly stderr?: string }
    throw new Error(`${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error })
  }
}

/** `npm start`, with a module before it that dispatches an event in the application when it is sent a signal. */
async function start(folder: string, { running }: Fixture, onTestFinished: Undo) {
  const port = await freePort()
  const module = join(folder, running)
  const load = running.endsWith('.ts')
    ? `(await import('jiti')).createJiti(${JSON.stringify(module)}).import(${JSON.stringify(module)})`
    : `import(${JSON.stringify(pathToFileURL(module).href)})`
  const preload = `process.on('SIGUSR2', async () => {
  const { events, NewMessage } = await ${load}
  await events.dispatch(NewMessage({ message: 'Hello' }))
})`
  const before = pathToFileURL(join(folder, 'node_modules/.preload.mjs'))
  await writeFile(before, preload)
  const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  if (scripts.prestart !== undefined) await command(folder, 'npm', 'run', 'prestart')
  // Not by npm, which would stand between the signal and the server.
  const [program = '', ...args] = (scripts.start ?? '').split(' ')
  const script = program === 'jiti' ? [join(root, 'node_modules/jiti/lib/jiti-cli.mjs'), ...args] : args
  const environment = ['-C', folder, `PORT=${port}`, `NODE_OPTIONS=--import=${before.href}`]
  const server = await startGuarded('env', [...environment, process.execPath, ...script], '')
  onTestFinished(() => server.kill('SIGKILL'))
  const url = `http://127.0.0.1:${port}`
  await until('the server', async () => {
    if (server.ended !== undefined) throw new Error(`It ended with ${server.ended}: ${server.output}`)
    return (await fetch(url).catch(() => undefined)) !== undefined || undefined
  })
  return { url, dispatch: () => void server.kill('SIGUSR2') }
}

/** An open stream. */
async function read(url: string, onTestFinished: Undo) {
  const connection = new AbortController()
  onTestFinished(() => connection.abort())
  const events: ParsedEvent[] = []
  const parser = createParser({ onEvent: (event) => events.push(event) })
  const response = await fetch(url, { signal: connection.signal })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const reader = response.body?.getReader()
  const take = async () => {
    const { done, value } = (await reader?.read()) ?? {}
    if (value !== undefined) parser.pushBytes(value)
    if (!done) await take()
  }
  take().catch(() => undefined)
  await until('the first block', async () => parser.lastEventId || undefined)
  return { firstEvent: () => until('an event', async () => events[0]) }
}
