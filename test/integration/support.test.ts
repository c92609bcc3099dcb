import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath as node } from 'node:process'
import { promisify } from 'node:util'
import { createClient, type RedisClientType } from 'redis'
import { afterEach, describe, expect, test } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import { startNginx } from '../support/nginx.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

const undo: (() => unknown)[] = []

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

describe('startRedis', () => {
  test('starts a server that keeps its data when it is killed and restarted', async () => {
    const server = await redis()
    await withClient(server, (client) => client.set('greeting', 'hello'))
    const { pid } = server

    await server.kill('SIGKILL')
    await server.restart()

    expect(server.pid).not.toBe(pid)
    expect(await withClient(server, (client) => client.get('greeting'))).toBe('hello')
  })

  test('restarts a server that is running', async () => {
    const server = await redis()
    await withClient(server, (client) => client.set('greeting', 'hello'))

    await server.restart()

    expect(await withClient(server, (client) => client.get('greeting'))).toBe('hello')
  })

  test('stops a server that hangs', async () => {
    const server = await startRedis()
    await server.kill('SIGSTOP')

    await server.stop()

    expect(await isListening(server.port)).toBe(false)
    expect(existsSync(server.dir)).toBe(false)
  })

  test('gives two servers a port each', async () => {
    const [one, other] = await Promise.all([redis(), redis()])

    expect(one.port).not.toBe(other.port)
  })

  test('says what the server said when it does not start', async () => {
    await expect(startRedis({ args: ['--no-such-option', 'x'] })).rejects.toThrow(/redis-server ended with 1.*no-such/s)
  })

  test('leaves neither server nor data behind when the test process is killed', async () => {
    const build = await mkdtemp(join(tmpdir(), 'millrace-guard-'))
    undo.push(() => rm(build, { recursive: true }))
    await compile('test/support/redis.ts', build)
    const script = `
      import { startRedis } from './redis.js'
      const { port, dir } = await startRedis()
      console.log(JSON.stringify({ port, dir }))
      setInterval(() => undefined, 1_000)
    `
    const child = spawn(node, ['--input-type=module', '-e', script], {
      cwd: build,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    undo.push(() => child.kill('SIGKILL'))
    const [line] = await once(child.stdout, 'data')
    const { port, dir } = JSON.parse(String(line))
    expect([await isListening(port), existsSync(dir)]).toEqual([true, true])

    child.kill('SIGKILL')

    await until('the guard', async () => (!(await isListening(port)) && !existsSync(dir)) || undefined)
  })
})

describe('startPostgres', () => {
  test('starts a server that keeps what was committed when it is killed and restarted', async () => {
    const server = await postgres()
    await server.query('CREATE TABLE greetings AS SELECT $1::text AS text', ['hello'])
    const { pid } = server

    await server.kill()
    await server.restart()

    expect(server.pid).not.toBe(pid)
    expect(await server.query('SELECT * FROM greetings')).toEqual([{ text: 'hello' }])
  })

  test('gives two servers a port each, and leaves nothing behind', async () => {
    const [one, other] = await Promise.all([postgres(), postgres()])
    expect(one.port).not.toBe(other.port)
    const [{ dir } = {}] = await one.query("SELECT current_setting('data_directory') AS dir")

    await one.stop()

    expect(await isListening(one.port)).toBe(false)
    expect(existsSync(String(dir))).toBe(false)
  })
})

describe('startNginx', () => {
  test('proxies to the server behind it', async () => {
    const upstream = createServer((request, response) => response.end(`you asked for ${request.url}`))
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    undo.push(() => upstream.close())
    const nginx = await startNginx({ upstreamPort: (upstream.address() as AddressInfo).port })
    undo.push(() => nginx.stop())

    const response = await fetch(`${nginx.url}/a?b=c`)

    expect(response.headers.get('server')).toMatch(/^nginx/)
    expect(await response.text()).toBe('you asked for /a?b=c')
  })
})

describe('launchChromium', () => {
  test('opens a page and runs its script', async () => {
    const browser = await launchChromium()
    undo.push(() => browser.close())
    const page = await browser.newPage()

    await page.goto('data:text/html,<title>hello</title>')

    expect(await page.title()).toBe('hello')
    expect(await page.evaluate(() => typeof EventSource)).toBe('function')
  })
})

async function redis(): Promise<RedisServer> {
  const server = await startRedis()
  undo.push(() => server.stop())
  return server
}

async function postgres(): Promise<PostgresServer> {
  const server = await startPostgres()
  undo.push(() => server.stop())
  return server
}

async function withClient<T>(server: RedisServer, use: (client: RedisClientType) => Promise<T>): Promise<T> {
  const client: RedisClientType = createClient({ url: server.url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    client.destroy()
  }
}

/** Asks the port and not the process table: a process that nobody waited for stays in there. */
async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Node 20 runs no TypeScript: a test that starts a process of ours compiles it first. */
async function compile(file: string, outDir: string): Promise<void> {
  const options = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--rewriteRelativeImportExtensions']
  await promisify(execFile)('node_modules/.bin/tsc', ['--ignoreConfig', ...options, '--outDir', outDir, file])
  await writeFile(join(outDir, 'package.json'), '{ "type": "module" }')
}
