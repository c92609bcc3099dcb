import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { events } from '../../../src/sse/stream.ts'
import { type GuardedProcess, startGuarded } from '../../support/guarded-process.ts'
import { until } from '../../support/until.ts'

/** The command as it is installed. */
export const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  readonly input?: string | Iterable<string>
  readonly env?: Readonly<Record<string, string>>
  /** @default this one's */
  readonly cwd?: string
}

/** Runs `millrace` to its end. Without input its stdin is empty. */
export async function run(args: readonly string[], { input = '', env = {}, cwd }: RunOptions = {}): Promise<Result> {
  const child = spawn(process.execPath, [main, ...args], { env: environment(env), cwd })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk
    })
  }
  // One that ends before it has read its input is not at fault.
  child.stdin.on('error', () => {})
  const closed = once(child, 'close')
  for (const part of typeof input === 'string' ? [input] : input) {
    if (!child.stdin.write(part)) await Promise.race([once(child.stdin, 'drain').catch(() => closed), closed])
  }
  child.stdin.end()
  const [code] = (await closed) as [number | null]
  return { code, ...output }
}

/** What a developer's shell has set is not for the command that is tested. */
function environment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PORT: _port, REDIS_URL: _redis, MILLRACE_URL: _url, FORCE_COLOR: _color, ...rest } = process.env
  return { ...rest, ...env }
}

/** Starts `millrace`, which ends with the test at the latest. */
export async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const unset = ['PORT', 'REDIS_URL', 'MILLRACE_URL'].flatMap((name) => ['-u', name])
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const command = await startGuarded('/usr/bin/env', [...unset, ...set, process.execPath, main, ...args], '')
  onTestFinished(() => command.kill('SIGKILL'))
  return command
}

export interface Serve extends GuardedProcess {
  readonly url: string
  readonly listening: Readonly<Record<string, unknown>>
}

/** Starts `millrace serve` on a free port, unless another is given. Resolves when it listens. */
export async function serve(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Serve> {
  const port = args.includes('--port') || env.PORT !== undefined ? [] : ['--port', '0']
  const command = await start(['serve', '--json', ...port, ...args], env)
  const line = await untilPrinted(command, /^\{"event":"listening".*$/m)
  const listening = JSON.parse(line) as Record<string, unknown>
  return Object.assign(command, { url: String(listening.url), listening })
}

/** The first match in what the process has printed. */
export function untilPrinted(command: GuardedProcess, pattern: RegExp): Promise<string> {
  return until(`${pattern} in the output`, async () => {
    const found = pattern.exec(command.output)?.[0]
    if (found === undefined && command.ended !== undefined) {
      throw new Error(`It ended with ${command.ended} and had not printed ${pattern}: ${command.output}`)
    }
    return found
  })
}

/** An open stream of `channel`, live when this resolves. */
export async function openStream(url: string, channel: string) {
  const controller = new AbortController()
  const response = await fetch(`${url}/sse?channel=${channel}`, { signal: controller.signal })
  // Names the response: where nobody holds it any more, fetch cancels a body that nobody has begun to read.
  onTestFinished(() => controller.abort(response.url))
  if (response.body === null || !response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  return { response, events: events(response.body), body: response.body }
}

/** A reader that has stopped reading, with 10 MB on their way to it. */
export async function openStalled(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  onTestFinished(() => void socket.destroy())
  socket.write('GET /sse?channel=a HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(socket, 'data')
  socket.pause()
  for (let count = 0; count < 20; count++) await post(url, { channel: 'a', data: 'x'.repeat(500_000) })
}

export function post(url: string, message: unknown, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}/publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message),
    ...(signal === undefined ? {} : { signal }),
  })
}
