import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { main, openStalled, openStream, serve, start, untilPrinted } from './command.ts'

test.for(['SIGTERM', 'SIGINT'] as const)(
  '%s ends the streams with a time to come back, and the hub with 0',
  async (signal) => {
    const hub = await serve(['--dev'])
    const streams = await Promise.all(Array.from({ length: 20 }, () => openStream(hub.url, 'a')))
    const texts = streams.map(({ body }) => new Response(body).text())
    const before = Date.now()

    await hub.kill(signal)

    expect(hub.ended).toBe(0)
    expect(Date.now() - before).toBeLessThan(5_000)
    for (const text of await Promise.all(texts)) expect(text).toMatch(/\nretry: \d+\n\n$/)
    expect(hub.output).toMatch(/"closing","signal":"SIG\w+","subscribers":20}\n.*"closed"/)
  },
)

test('a hub with nobody connected ends at once', async () => {
  const hub = await serve(['--dev'])
  // Leaves a connection that is kept alive.
  expect((await fetch(`${hub.url}/healthz`)).status).toBe(200)
  const before = Date.now()

  await hub.kill('SIGTERM')

  expect(hub.ended).toBe(0)
  expect(Date.now() - before).toBeLessThan(900)
})

test('a reader that does not read does not hold the hub', async () => {
  const hub = await serve(['--dev'])
  await openStalled(hub.url)
  const before = Date.now()

  await hub.kill('SIGTERM')

  expect(hub.ended).toBe(0)
  expect(Date.now() - before).toBeLessThan(5_000)
})

test('while it drains it is not healthy, accepts nobody, and closes its connections', async () => {
  const hub = await serve(['--dev'])
  const { hostname, port } = new URL(hub.url)
  await Promise.all(Array.from({ length: 50 }, () => openStream(hub.url, 'a')))
  const socket = connect(Number(port), hostname).setEncoding('utf8')
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n')
  await once(socket, 'connect')
  // Answered after the socket was accepted, so the request that has begun is known by then.
  expect((await fetch(`${hub.url}/healthz`)).status).toBe(200)

  const ended = hub.kill('SIGTERM')
  await untilPrinted(hub, /"closing"/)
  await expect(fetch(`${hub.url}/nowhere`)).rejects.toThrow()
  socket.write('\r\n')
  const [answer] = (await once(socket, 'data')) as [string]

  expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*connection: close[\s\S]*\{"status":"draining"\}/i)
  await once(socket, 'close')
  await ended
  expect(hub.ended).toBe(0)
})

test('a connection on which nothing was asked is closed and not refused, or an EventSource would give up there', async () => {
  const hub = await serve(['--dev'])
  const { hostname, port } = new URL(hub.url)
  // More than one, so that it drains for a while.
  await Promise.all(Array.from({ length: 50 }, () => openStream(hub.url, 'a')))
  const socket = connect(Number(port), hostname)
  const closed = once(socket, 'close')
  let text = ''
  socket
    .on('error', () => {})
    .on('data', (bytes) => {
      text += bytes
    })
  await once(socket, 'connect')
  // Answered after the socket was accepted.
  await fetch(`${hub.url}/healthz`)

  const end = hub.kill('SIGTERM')
  await untilPrinted(hub, /"closing"/)
  socket.write('GET /sse?channel=a HTTP/1.1\r\nHost: localhost\r\n\r\n')

  await closed
  expect(text).toBe('')
  await end
})

test('a connection is not used again when its stream has ended', async () => {
  const hub = await serve(['--dev'])
  const { hostname, port } = new URL(hub.url)
  const socket = connect(Number(port), hostname).setEncoding('utf8')
  socket.write('GET /sse?channel=a HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(socket, 'data')
  const closed = once(socket, 'close')

  const ended = hub.kill('SIGTERM')

  await closed
  await ended
})

test('a second signal ends it at once', async () => {
  const hub = await serve(['--dev'])
  await Promise.all(Array.from({ length: 100 }, () => openStream(hub.url, 'a')))

  const ended = hub.kill('SIGTERM')
  await untilPrinted(hub, /"closing"/)
  await hub.kill('SIGTERM')
  await ended

  expect(hub.ended).toBe(1)
  expect(hub.output).not.toMatch(/"closed"/)
})

test('people are told too', async () => {
  const hub = await start(['serve', '--dev', '--port', '0'])
  await untilPrinted(hub, /page/)

  await hub.kill('SIGTERM')

  expect(hub.output).toMatch(/SIGTERM: closing, with 0 subscribers\nclosed\n$/)
})

test('a hub whose output nobody reads any more ends all the same', async () => {
  const hub = spawn(process.execPath, [main, 'serve', '--dev', '--port', '0'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(hub, 'exit')
  await once(hub.stdout, 'data')
  hub.stdout.destroy()
  await once(hub.stdout, 'close')

  hub.kill('SIGTERM')

  expect(await ended).toEqual([0, null])
})
