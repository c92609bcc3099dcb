import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openStream, run, serve } from './command.ts'

test.for([
  ['{"a":1}', '{"a":1}'],
  ['42', '42'],
  ['"text"', 'text'],
  ['plain text', 'plain text'],
  ['{"a":', '{"a":'],
  ['null', 'null'],
  ['', ''],
  ['two\nlines', 'two\nlines'],
])('publishes %j as %j', async ([data = '', expected]) => {
  const { url } = await serve(['--dev'])
  const { events } = await openStream(url, 'a')

  expect(await run(['publish', 'a', data, '--url', url])).toMatchObject({ code: 0 })

  const { value } = await events.next()
  expect(value).toMatchObject({ event: 'message', data: expected, channels: ['a'] })
})

test('publishes on several channels, with the name of an event', async () => {
  const { url } = await serve(['--dev'])
  const { events } = await openStream(url, 'b')

  const { stdout } = await run(['publish', 'a,b', '1', '--event', 'Added', '--key', 'k'], {
    env: { MILLRACE_URL: url },
  })

  const { value } = await events.next()
  expect(value).toEqual({ id: stdout.trim(), event: 'Added', channels: ['a', 'b'], data: '1' })
})

test('publishes a message of one id once', async () => {
  const { url } = await serve(['--dev'])
  const publish = () => run(['publish', 'a', 'hi', '--id', 'order-1', '--json', '--url', url])

  const first = await publish()
  const second = await publish()

  expect(JSON.parse(first.stdout)).toEqual({ id: expect.stringMatching(/^\d+-\d+$/) })
  expect(second.stdout).toBe(first.stdout)
})

test('says so where a channel keeps nothing', async () => {
  const { url } = await serve(['--dev', '--history', '0'])

  expect(await run(['publish', 'a', 'hi', '--url', url])).toMatchObject({ code: 0, stdout: '-\n' })
  expect(await run(['publish', 'a', 'hi', '--url', url, '--json'])).toMatchObject({ stdout: '{"id":null}\n' })
})

test.for([['-'], []])('publishes each line of stdin, given %j', async (data) => {
  const { url } = await serve(['--dev'])
  const { events } = await openStream(url, 'a')

  const { code, stdout } = await run(['publish', 'a', ...data, '--url', url], { input: '{"n":1}\r\ntext\n\n3' })

  expect(code).toBe(0)
  const positions = stdout.trim().split('\n')
  for (const [index, expected] of ['{"n":1}', 'text', '3'].entries()) {
    const { value } = await events.next()
    expect(value).toMatchObject({ id: positions[index], data: expected })
  }
})

test('publishes 50,000 lines in order', async () => {
  const { url } = await serve(['--dev', '--history', '100000'])
  const { events } = await openStream(url, 'a')
  const lines = Array.from({ length: 50_000 }, (_, index) => `${index}\n`)

  const published = run(['publish', 'a', '--url', url], { input: lines })
  let next = 0
  for await (const { data } of events) {
    if (Number(data) !== next++) throw new Error(`${data} came in the place of ${next - 1}`)
    if (next === lines.length) break
  }

  const { code, stdout } = await published
  expect(code).toBe(0)
  expect(new Set(stdout.trim().split('\n')).size).toBe(50_000)
})

test('stops at what is refused, and says how far it came', async () => {
  const { url } = await serve(['--dev'])
  const input = [...Array.from({ length: 1_000 }, () => 'short\n'), 'short\n', `${'x'.repeat(1_000_000)}x\n`, 'last\n']

  const long = await run(['publish', 'a', '-', '--url', url, '--key', 'k'.repeat(201)], { input: 'one\ntwo\n' })
  const { code, stderr } = await run(['publish', 'a', '-', '--url', url], {
    input: [...input, `${'y'.repeat(2_000_000)}\n`],
  })

  expect(long).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/The key is.*Message 1 of.*Published before that: 0/),
  })
  expect(code).toBe(1)
  expect(stderr).toMatch(/A line of the input has more than 1048576 characters.*Published before that: 1003/)
})

test.for([
  [['a', 'b', '--event', 'open'], 1, /reserved.*\(event_invalid\)/],
  [['a b', 'b'], 1, /white space.*\(channel_invalid\)/],
  [['a', '-', '--id', 'x'], 2, /--id names one message/],
  [['a', 'b', '--history', '5'], 2, /--history goes with --redis/],
  [['a', 'b', 'c'], 2, /too many arguments/],
  [[], 2, /missing required argument/],
] as const)('refuses %j', async ([args, expected, why]) => {
  const { url } = await serve(['--dev'])

  const { code, stderr } = await run(['publish', ...args], { env: { MILLRACE_URL: url } })

  expect(stderr).toMatch(why)
  expect(stderr).not.toMatch(/\n {4}at /)
  expect(code).toBe(expected)
})

test('is refused by a hub that is closed', async () => {
  const { url } = await serve(['--public', 'a'])

  const { code, stderr } = await run(['publish', 'a', 'hi', '--url', url, '--json'])

  expect(code).toBe(1)
  expect(JSON.parse(stderr)).toMatchObject({ event: 'error', code: 'publish_forbidden' })
})

test('says so where no hub answers, or something else does', async () => {
  const other = createServer((_request, response) => void response.writeHead(502).end('<html>'))
  await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const { url } = await serve()
  const gone = url.replace(/\d+$/, '1025')

  expect((await run(['publish', 'a', 'b', '--url', gone])).stderr).toMatch(/No hub answers at .*ECONNREFUSED/)
  expect((await run(['publish', 'a', 'b', '--url', `http://127.0.0.1:${port}/x/`])).stderr).toMatch(
    /\/x\/publish answered 502 Bad Gateway, and not as a hub does/,
  )
  expect(await run(['publish', 'a', 'b', '--url', 'ftp://x'])).toMatchObject({ code: 2 })
})
