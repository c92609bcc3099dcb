import { expect, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { post, run, serve, start, untilPrinted } from './command.ts'

test('prints JSON lines, with JSON data as it came and other data as a string', async () => {
  const { url } = await serve(['--dev'])
  for (const data of ['{"n": 1.10}', 'text', '[1,\n2]']) await post(url, { channel: 'a', data, event: 'E' })

  const { code, stdout } = await run(['subscribe', 'a', '--url', url, '--since', '1m', '--count', '3', '--json'])

  expect(code).toBe(0)
  const lines = stdout.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    [{ n: 1.1 }, 'text', [1, 2]].map((data) => ({ id: expect.any(String), event: 'E', channels: ['a'], data })),
  )
  expect(lines[0]).toContain('"data":{"n": 1.10}}')
})

test('prints lines for people, in which a publisher cannot steer the terminal', async () => {
  const { url } = await serve(['--dev'])
  await post(url, { channels: ['a', 'b'], data: '\u001b[2Jgone\u009b', event: 'Bell\u0007' })
  await post(url, { channel: 'a', data: { plain: true } })

  const { stdout } = await run(['subscribe', 'a', 'b', '--url', url, '--since', '1m', '--count', '2'])

  expect(stdout.replace(/\d\d:\d\d:\d\d/g, 'TIME')).toBe(
    'TIME  a,b  Bell\\x07  \\x1b[2Jgone\\x9b\nTIME  a  {"plain":true}\n',
  )
})

test('begins after a position', async () => {
  const { url } = await serve(['--dev'])
  const first = (await (await post(url, { channel: 'a', data: 1 })).json()) as { id: string }
  await post(url, { channel: 'a', data: 2 })

  const args = ['subscribe', 'a', '--url', url, '--last-event-id', first.id, '--count', '1', '--json']
  const { stdout } = await run(args)

  expect(JSON.parse(stdout)).toMatchObject({ data: 2 })
})

test('goes on where it was when the hub comes back, and tells of the gap that the memory broker leaves', async () => {
  const port = String(await freePort())
  const before = await serve(['--dev', '--port', port])
  const subscriber = await start(['subscribe', 'a', '--url', before.url, '--json', '--count', '2'])
  await untilPrinted(subscriber, /"open"/)
  await run(['publish', 'a', '"before"', '--url', before.url])
  await untilPrinted(subscriber, /"before"/)

  await before.kill('SIGKILL')
  await untilPrinted(subscriber, /"lost","why":"[^"]+","ms":\d+/)
  const after = await serve(['--dev', '--port', port])
  await post(after.url, { channel: 'a', data: 'after' })

  await untilPrinted(subscriber, /"after"/)
  expect(subscriber.output).toContain('{"event":"gap","channels":["a"],"reason":"lost"}')
  await untilPrinted(subscriber, /"open"[\s\S]*"open"/)
})

test('waits for a hub that says it has no place', async () => {
  const { url } = await serve(['--public', 'a'])
  const { createServer } = await import('node:http')
  let asked = 0
  const full = createServer((_request, response) => {
    if (asked++ === 0) response.writeHead(503, { 'retry-after': '1' }).end('{"code":"hub_full","detail":"It is full."}')
    else response.writeHead(307, { location: `${url}/sse?channel=a` }).end()
  })
  await new Promise<void>((resolve) => void full.listen(0, '127.0.0.1', resolve))
  const address = full.address()
  const port = typeof address === 'object' ? address?.port : undefined

  const subscriber = await start(['subscribe', 'a', '--url', `http://127.0.0.1:${port}`])

  await untilPrinted(subscriber, /lost: It is full\.; connecting again in 2\.\d s[\s\S]*subscribed to a/)
  full.close()
})

test.for(['SIGINT', 'SIGTERM'] as const)('ends with 0 on %s', async (signal) => {
  const { url } = await serve(['--dev'])
  const subscriber = await start(['subscribe', 'a', '--url', url])
  await untilPrinted(subscriber, /subscribed to a/)

  await subscriber.kill(signal)

  expect(subscriber.ended).toBe(0)
})

test('ends with 0 on SIGINT while it waits to connect again', async () => {
  const hub = await serve(['--dev'])
  const subscriber = await start(['subscribe', 'a', '--url', hub.url])
  await untilPrinted(subscriber, /subscribed to a/)
  await hub.kill('SIGKILL')
  await untilPrinted(subscriber, /lost: .*connecting again/)

  await subscriber.kill('SIGINT')

  expect(subscriber.ended).toBe(0)
})

test('takes a refusal for final', async () => {
  const { url } = await serve()

  const { code, stdout, stderr } = await run(['subscribe', 'a', '--url', url])

  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^error: The channel "a" is not declared here.*\(channel_unknown\)\n$/)
})

test.for([
  [['a', '--since', 'yesterday'], 1, /cursor_invalid/],
  [['a', '--count', '0'], 2, /whole number, 1 or more/],
  [[], 2, /missing required argument/],
] as const)('refuses %j', async ([args, expected, why]) => {
  const { url } = await serve(['--dev'])

  const { code, stderr } = await run(['subscribe', ...args], { env: { MILLRACE_URL: url } })

  expect(stderr).toMatch(why)
  expect(code).toBe(expected)
})

test('says so where there is no hub, or no stream', async () => {
  const { url } = await serve(['--dev'])

  const nobody = await run(['subscribe', 'a', '--url', 'http://127.0.0.1:1025'])
  const noStream = await run(['subscribe', 'a', '--url', `${url}/nowhere`])

  expect(nobody).toMatchObject({ code: 1, stderr: expect.stringMatching(/No hub answers.*ECONNREFUSED/) })
  expect(noStream).toMatchObject({ code: 1, stderr: expect.stringMatching(/There is nothing at "\/nowhere\/sse"/) })
})
