import { expect, test } from 'vitest'
import { until } from '../../support/until.ts'
import { openStalled, openStream, start, untilPrinted } from '../cli/command.ts'
import { isAlive, serveBy, workersOf } from './fleet.ts'

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

test('a reader that does not read does not hold it', async () => {
  const hub = await serveBy(2)
  await openStalled(hub.url)
  const before = Date.now()

  await hub.kill('SIGTERM')

  expect(hub.ended).toBe(0)
  expect(Date.now() - before).toBeLessThan(5_000)
})

test('a worker that is stopped does not hold it either', async () => {
  const hub = await serveBy(2)
  const [first = 0] = await workersOf(hub)
  process.kill(first, 'SIGSTOP')

  await hub.kill('SIGTERM')

  expect(hub.ended).toBe(0)
  await until('the end of the worker', async () => !isAlive(first) || undefined)
})

test.for([
  ['before the new worker serves', /"restarting"/],
  ['while the old one leaves', /"worker":2,"pid":\d+}\n[\s\S]*"worker-started","worker":1/],
] as const)('SIGTERM ends it in the midst of a restart, %s', async ([, moment]) => {
  const hub = await serveBy(2)
  const workers = await workersOf(hub)
  const streams = await Promise.all(Array.from({ length: 20 }, () => openStream(hub.url, 'a')))
  const texts = streams.map(({ body }) => new Response(body).text())
  process.kill(hub.pid, 'SIGHUP')
  await untilPrinted(hub, moment)
  const before = Date.now()

  await hub.kill('SIGTERM')

  expect(hub.ended).toBe(0)
  expect(Date.now() - before).toBeLessThan(4_400)
  for (const text of await Promise.all(texts)) expect(text).toMatch(/\nretry: \d+\n\n$/)
  expect(hub.output).toMatch(/"closed"/)
  expect(hub.output).not.toMatch(/"error"|"warning"/)
  expect(workers.filter(isAlive)).toEqual([])
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
