import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { until } from '../../support/until.ts'
import { openStream, post, untilPrinted } from '../cli/command.ts'
import { isAlive, serveBy, socketsOf, workersOf } from './fleet.ts'

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

/** In MiB. */
async function residentOf(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}
