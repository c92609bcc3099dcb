import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { startRedis } from '../../support/redis.ts'
import { until } from '../../support/until.ts'
import { createDirectory } from '../disk/support/directory.ts'
import { openStream, post, run, type Serve, serve, start, untilPrinted } from './command.ts'
import { audiences, expectAll, openPage, startPublisher } from './pages.ts'

/** The flags of each broker. */
const brokers = {
  memory: async () => [],
  disk: async () => ['--data', await createDirectory()],
  redis: async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    return ['--redis', redis.url]
  },
}
const names = ['memory', 'disk', 'redis'] as const

/** `serve --dev --workers COUNT`, with the process ids of its workers. */
async function serveBy(count: number, more: readonly string[] = []): Promise<Serve> {
  return serve(['--dev', '--workers', String(count), ...more])
}

/** The process ids of the workers that were started last, one for each place. */
async function workersOf(hub: Serve, count = 2): Promise<number[]> {
  return until('the workers', async () => {
    const latest = new Map<number, number>()
    for (const [, worker, pid] of hub.output.matchAll(/"worker-started","worker":(\d+),"pid":(\d+)/g))
      latest.set(Number(worker), Number(pid))
    const pids = [...latest.values()].filter(isAlive)
    return pids.length === count ? pids : undefined
  })
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function socketsOf(pid: number): Promise<number> {
  const names = await readdir(`/proc/${pid}/fd`)
  const targets = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')))
  return targets.filter((target) => target.startsWith('socket:')).length
}

describe.each(names)('two workers on %s', (name) => {
  test('carry what is published at one of them to the readers of both', async () => {
    const hub = await serveBy(2, await brokers[name]())
    const streams = await Promise.all(Array.from({ length: 6 }, () => openStream(hub.url, 'a')))

    const answers = []
    for (const data of ['1', '2', '3', '4']) answers.push(await post(hub.url, { channel: 'a', data }))

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: string }).id))
    for (const { events } of streams) {
      const seen = []
      for (const _ of ids) seen.push((await events.next()).value)
      expect(seen.map((event) => [event?.id, event?.data])).toEqual(ids.map((id, index) => [id, String(index + 1)]))
    }
  })

  test('lose nothing when they are killed while messages are published', { timeout: 90_000 }, async () => {
    const hub = await serveBy(2, await brokers[name]())
    const pages = Array.from({ length: 20 }, (_, n) => openPage(hub.url, audiences[n % audiences.length] ?? []))
    await until('all pages', async () => pages.every(({ opened }) => opened() === 1) || undefined)
    const publisher = startPublisher(hub.url)
    await until('a cursor for each', async () => pages.every(({ seen }) => seen.length > 0) || undefined)

    for (const index of [0, 1, 0]) {
      const pids = await workersOf(hub)
      const before = pids[index] ?? 0
      const other = pids[1 - index] ?? 0
      process.kill(before, 'SIGKILL')
      const after = await until('another worker', async () =>
        (await workersOf(hub)).find((pid) => pid !== before && pid !== other),
      )
      expect(isAlive(other)).toBe(true)
      await until('readers of the new one', async () => (await socketsOf(after)) > 8 || undefined)
    }
    const published = await publisher.stop()

    await expectAll(pages, published)
    expect(published.length).toBeGreaterThan(100)
    expect(hub.output.match(/"code":"worker_died"/g)).toHaveLength(3)
    // Nobody was thrown off who was at another worker than the one that died.
    expect(pages.reduce((sum, { opened }) => sum + opened(), 0)).toBeLessThan(20 * 4)
  })

  test('are restarted one after the other by SIGHUP, and nothing is lost or refused', { timeout: 90_000 }, async () => {
    const hub = await serveBy(2, await brokers[name]())
    const before = await workersOf(hub)
    const pages = Array.from({ length: 20 }, (_, n) => openPage(hub.url, audiences[n % audiences.length] ?? []))
    await until('all pages', async () => pages.every(({ opened }) => opened() === 1) || undefined)
    const publisher = startPublisher(hub.url)
    await until('a cursor for each', async () => pages.every(({ seen }) => seen.length > 0) || undefined)
    const prober = startProber(hub.url)

    process.kill(hub.pid, 'SIGHUP')
    await untilPrinted(hub, /"restarted"/)
    const probes = await prober.stop()
    const published = await publisher.stop()

    await expectAll(pages, published)
    expect(probes.failed).toEqual([])
    expect(publisher.failures).toEqual([])
    expect(probes.answered).toBeGreaterThan(100)
    const after = await workersOf(hub)
    expect(after.filter((pid) => before.includes(pid))).toEqual([])
    expect(before.filter(isAlive)).toEqual([])
    // In the end each has half of them, although the second was there before the first had any.
    expect(pages.map(({ opened }) => opened())).toEqual(Array(20).fill(2))
    const [first = 0, second = 0] = await Promise.all(after.map(socketsOf))
    expect(Math.abs(first - second)).toBeLessThanOrEqual(3)
  })
})

/** Connects anew again and again, and opens a stream. */
function startProber(url: string) {
  const failed: string[] = []
  let answered = 0
  let isStopped = false
  const { hostname, port } = new URL(url)
  const probe = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () =>
        socket.write('GET /sse?channel=probe HTTP/1.1\r\nHost: localhost\r\n\r\n'),
      )
      socket.setEncoding('utf8').once('data', (text: string) => {
        resolve(text)
        socket.destroy()
      })
      socket.once('error', reject)
      socket.once('end', () => reject(new Error('it was closed')))
    })
  const done = (async () => {
    while (!isStopped) {
      const answer = await probe().catch(String)
      if (answer.startsWith('HTTP/1.1 200')) answered++
      else failed.push(answer)
    }
  })()
  return {
    async stop() {
      isStopped = true
      await done
      return { answered, failed }
    },
  }
}

describe('serve --workers', () => {
  test.for(['SIGTERM', 'SIGINT'] as const)('%s ends the streams, the workers and the hub, with 0', async (signal) => {
    const hub = await serveBy(2)
    const workers = await workersOf(hub)
    const streams = await Promise.all(Array.from({ length: 20 }, () => openStream(hub.url, 'a')))
    const texts = streams.map(({ body }) => new Response(body).text())
    const before = Date.now()

    await hub.kill(signal)

    expect(hub.ended).toBe(0)
    expect(Date.now() - before).toBeLessThan(5_000)
    for (const text of await Promise.all(texts)) expect(text).toMatch(/\nretry: \d+\n\n$/)
    expect(hub.output).toMatch(/"closing","signal":"SIG\w+","subscribers":20}\n[\s\S]*"closed"/)
    expect(hub.output).not.toMatch(/"error"/)
    expect(workers.filter(isAlive)).toEqual([])
  })

  test('ends at once with nobody connected, also when all its processes are signalled', async () => {
    const hub = await serveBy(2)
    expect((await fetch(`${hub.url}/healthz`)).status).toBe(200)
    for (const pid of await workersOf(hub)) process.kill(pid, 'SIGTERM')
    const before = Date.now()

    await hub.kill('SIGTERM')

    expect(hub.ended).toBe(0)
    expect(Date.now() - before).toBeLessThan(900)
    expect(hub.output).not.toMatch(/"error"/)
  })

  test('a second signal ends all of it at once', async () => {
    const hub = await serveBy(2)
    const workers = await workersOf(hub)
    await Promise.all(Array.from({ length: 100 }, () => openStream(hub.url, 'a')))

    const ended = hub.kill('SIGTERM')
    await untilPrinted(hub, /"closing"/)
    await hub.kill('SIGTERM')
    await ended

    expect(hub.ended).toBe(1)
    await until('the end of the workers', async () => !workers.some(isAlive) || undefined)
  })

  test('the workers end with the primary, however it ends', async () => {
    const hub = await serveBy(2)
    const workers = await workersOf(hub)
    await openStream(hub.url, 'a')

    await hub.kill('SIGKILL')

    await until('the end of the workers', async () => !workers.some(isAlive) || undefined)
  })

  test('gives each worker as many connections as the others, also after one was replaced', async () => {
    const hub = await serveBy(3)
    const workers = await workersOf(hub, 3)
    for (let n = 0; n < 30; n++) await openStream(hub.url, 'a')
    const counts = await Promise.all(workers.map(socketsOf))
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)

    process.kill(workers[0] ?? 0, 'SIGKILL')
    await until('another worker', async () => !(await workersOf(hub, 3)).includes(workers[0] ?? 0) || undefined)
    for (let n = 0; n < 10; n++) await openStream(hub.url, 'a')

    const now = await Promise.all((await workersOf(hub, 3)).map(socketsOf))
    expect(Math.max(...now) - Math.min(...now)).toBeLessThanOrEqual(1)
  })

  test('answers while all workers are being replaced', async () => {
    const hub = await serveBy(2)
    for (const pid of await workersOf(hub)) process.kill(pid, 'SIGKILL')

    // Accepted by the primary, and answered by whoever comes.
    await until('the deaths', async () => (hub.output.match(/"worker_died"/g) ?? []).length === 2 || undefined)
    expect((await fetch(`${hub.url}/healthz`)).status).toBe(200)
  })

  test('with one worker stopped still answers, and tells it afterwards what it has missed', async () => {
    const hub = await serveBy(2)
    const [first = 0] = await workersOf(hub)
    const streams = await Promise.all(Array.from({ length: 4 }, () => openStream(hub.url, 'a')))
    process.kill(first, 'SIGSTOP')
    onTestFinished(() => {
      if (isAlive(first)) process.kill(first, 'SIGKILL')
    })

    // More than may wait for a worker, so that it is interrupted.
    const data = 'x'.repeat(500_000)
    const count = 80
    for (let n = 0; n < count; n++) {
      // Some connections go to the stopped one, and wait.
      const answer = await until('an answer', () =>
        post(hub.url, { channel: 'a', data: `${n} ${data}`, id: `m${n}` }, AbortSignal.timeout(1_000)).catch(
          () => undefined,
        ),
      )
      expect(answer.status).toBe(200)
    }
    const resident = await residentOf(hub.pid)
    process.kill(first, 'SIGCONT')

    for (const { events } of streams)
      for (let n = 0; n < count; n++) expect((await events.next()).value?.data).toMatch(new RegExp(`^${n} x`))
    expect(resident).toBeLessThan(250)
  })

  test('a reader that does not read does not hold it', async () => {
    const hub = await serveBy(2)
    const { hostname, port } = new URL(hub.url)
    const socket = connect(Number(port), hostname)
    socket.write('GET /sse?channel=a HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(socket, 'data')
    socket.pause()
    for (let count = 0; count < 20; count++) await post(hub.url, { channel: 'a', data: 'x'.repeat(500_000) })
    const before = Date.now()

    await hub.kill('SIGTERM')

    expect(hub.ended).toBe(0)
    expect(Date.now() - before).toBeLessThan(5_000)
    socket.destroy()
  })

  test('a worker that is stopped does not hold it either', async () => {
    const hub = await serveBy(2)
    const [first = 0] = await workersOf(hub)
    process.kill(first, 'SIGSTOP')

    await hub.kill('SIGTERM')

    expect(hub.ended).toBe(0)
    await until('the end of the worker', async () => !isAlive(first) || undefined)
  })

  test('goes on with the workers that it has where no other can be started', async () => {
    const hub = await serveBy(2)
    const before = await workersOf(hub)
    // As many descriptors as it has open, and no more.
    const limit = String((await readdir(`/proc/${hub.pid}/fd`)).length)
    await promisify(execFile)('prlimit', ['--pid', String(hub.pid), `--nofile=${limit}:`])

    process.kill(hub.pid, 'SIGHUP')
    await untilPrinted(hub, /"code":"worker_died","message":"Worker 1 .* could not be started/)

    expect(await workersOf(hub)).toEqual(before)
    await promisify(execFile)('prlimit', ['--pid', String(hub.pid), '--nofile=1024:'])
    expect((await fetch(`${hub.url}/healthz`)).status).toBe(200)
    process.kill(hub.pid, 'SIGHUP')
    await untilPrinted(hub, /"restarted"/)
  })

  test('has nothing left of the connections that were on their way to a worker that died', {
    timeout: 60_000,
  }, async () => {
    const hub = await serveBy(2)
    const { hostname, port } = new URL(hub.url)
    const open = async () => (await readdir(`/proc/${hub.pid}/fd`)).length
    const before = await open()
    for (let round = 0; round < 4; round++) {
      const [first = 0] = await workersOf(hub)
      const ends = Array.from({ length: 300 }, async () => {
        const socket = connect(Number(port), hostname)
        socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
        socket.resume().on('error', () => {})
        await new Promise((resolve) => socket.once('close', resolve))
      })
      if (round % 2 === 0) process.kill(first, 'SIGSTOP')
      await Promise.race(ends)
      process.kill(first, 'SIGKILL')
      // Answered, or closed with the worker: nobody is left waiting.
      await Promise.all(ends)
      await until('another worker', async () => !(await workersOf(hub)).includes(first) || undefined)
    }

    await until('as many descriptors as before', async () => (await open()) <= before || undefined)
  })

  test('does not wait long for a request that is sent bit by bit', async () => {
    const hub = await serveBy(2)
    const { hostname, port } = new URL(hub.url)
    const socket = connect(Number(port), hostname).setEncoding('utf8')
    socket.write('POST /publish HTTP/1.1\r\nHost: local')

    const [answer] = (await once(socket, 'data')) as [string]

    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('shares --max-subscribers among the workers', async () => {
    const { url } = await serveBy(2, ['--max-subscribers', '6'])
    await Promise.all([1, 2, 3, 4, 5, 6].map(() => openStream(url, 'a')))

    const refused = await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/sse?channel=a`)))

    expect(refused.map(({ status }) => status)).toEqual(Array(20).fill(503))
    expect(await refused[0]?.json()).toMatchObject({ code: 'hub_full', limit: 3 })
  })

  test('says when the port is taken, as one process does', async () => {
    const port = String(await freePort())
    await serve(['--dev', '--port', port])

    const [one, two] = await Promise.all([
      run(['serve', '--dev', '--port', port]),
      run(['serve', '--dev', '--port', port, '--workers', '2']),
    ])

    expect(two).toEqual(one)
    expect(two.code).toBe(1)
    expect(two.stderr).toMatch(/Cannot listen .* \(address_unavailable\)/)
  })

  test('says when the directory is locked, as one process does', async () => {
    const dir = await createDirectory()
    await serveBy(2, ['--data', dir])

    const [one, two] = await Promise.all([
      run(['serve', '--dev', '--port', '0', '--data', dir]),
      run(['serve', '--dev', '--port', '0', '--data', dir, '--workers', '2']),
    ])

    expect(two).toEqual(one)
    expect(two.stderr).toMatch(/data_locked/)
  })

  test.for([
    [['--public', 'a..{b'], 2],
    [['--cors', 'example.com'], 2],
    [['--relay', 'a'], 2],
    [['--workers', '0'], 2],
    [['--workers', 'many'], 2],
  ] as const)('refuses %j as one process does', async ([args, code]) => {
    const two = await run(['serve', '--port', '0', '--workers', '2', ...args])
    const one = await run(['serve', '--port', '0', ...args])

    expect(two).toEqual(one)
    expect(two.code).toBe(code)
  })

  test('auto is one process for each core, and one is a process alone', async () => {
    const hub = await serve(['--dev', '--workers', '1'])
    expect(hub.listening).not.toHaveProperty('workers')
    const auto = await start(['serve', '--dev', '--port', '0', '--workers', 'auto'])
    await untilPrinted(auto, /page/)
    expect(auto.output).toMatch(/workers +\d+ processes/)
  })

  test('people are told too', async () => {
    const hub = await start(['serve', '--dev', '--port', '0', '--workers', '2'])
    await untilPrinted(hub, /page/)
    process.kill(hub.pid, 'SIGHUP')
    await untilPrinted(hub, /^restarted$/m)

    await hub.kill('SIGTERM')

    expect(hub.output).toMatch(
      /SIGHUP: restarting 2 workers, one after the other\n(worker \d \(pid \d+\) (started|stopped)\n){4}restarted\n/,
    )
    expect(hub.output).toMatch(/closing, with 0 subscribers\n[\s\S]*closed\n$/)
  })
})

/** In MiB. */
async function residentOf(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}
