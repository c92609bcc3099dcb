import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { openStream, post, run, serve, start, untilPrinted } from './command.ts'

describe('serve --dev', () => {
  test('carries a message from publish to subscribe', async () => {
    const { url } = await serve(['--dev'])
    const subscriber = await start(['subscribe', 'messages', '--url', url, '--json', '--count', '1'])
    await untilPrinted(subscriber, /"open"/)

    const published = await run(['publish', 'messages', '{"message":"Hello"}', '--event', 'NewMessage', '--url', url])

    expect(published).toMatchObject({ code: 0, stderr: '' })
    const line = await untilPrinted(subscriber, /^\{"id".*$/m)
    expect(JSON.parse(line)).toEqual({
      id: published.stdout.trim(),
      event: 'NewMessage',
      channels: ['messages'],
      data: { message: 'Hello' },
    })
  })

  test('with --max-subscribers asks who comes when it is full to come again, and puts nobody out', async () => {
    const { url } = await serve(['--dev', '--max-subscribers', '3'])
    const streams = await Promise.all([1, 2, 3].map(() => openStream(url, 'a')))

    const refused = await Promise.all(Array.from({ length: 50 }, () => fetch(`${url}/sse?channel=a`)))
    await post(url, { channel: 'a', data: 'still here' })

    expect(refused.map(({ status }) => status)).toEqual(Array(50).fill(503))
    expect(await refused[0]?.json()).toMatchObject({ code: 'hub_full', limit: 3 })
    // By chance, so that those who were refused together do not come again together.
    expect(new Set(refused.map(({ headers }) => headers.get('retry-after'))).size).toBeGreaterThan(1)
    for (const { events } of streams) expect((await events.next()).value).toMatchObject({ data: 'still here' })
  })

  test.for(['0.0.0.0', '::', '192.168.1.1', 'example.com', '127.0.0.1.example.com'])(
    'refuses to listen on %s and says why',
    async (host) => {
      const { code, stderr } = await run(['serve', '--dev', '--port', '0', '--host', host])

      expect(code).toBe(2)
      expect(stderr).toMatch(/--dev opens every channel .* this machine only/)
    },
  )

  test.for(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('listens on %s', async (host) => {
    const { url } = await serve(['--dev', '--host', host])

    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  test('answers nobody who came by another name, as a page that rebinds its own would', async () => {
    const { url } = await serve(['--dev'])
    const { port } = new URL(url)

    const answers = await Promise.all(
      ['evil.example', `evil.example:${port}`, `localhost:${port}`, '[::1]', '127.0.0.1', 'upstream'].map((host) =>
        raw(url, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
      ),
    )

    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(['403', '403', '200', '200', '200', '200'])
    expect(answers[0]).toContain('"code":"host_forbidden"')
  })
})

describe('serve without --dev', () => {
  test('lets nobody subscribe and nobody publish', async () => {
    const { url, listening } = await serve()

    const stream = await fetch(`${url}/sse?channel=news`)
    const publish = await post(url, { channel: 'news', data: 1 })

    expect(listening).toMatchObject({ dev: false, channels: [], publish: false, broker: 'memory' })
    expect([stream.status, publish.status]).toEqual([403, 403])
    expect(await stream.json()).toMatchObject({ code: 'channel_unknown' })
    expect(await publish.json()).toMatchObject({
      code: 'publish_forbidden',
      detail: expect.stringMatching(/--dev.*Redis/),
    })
    expect((await fetch(`${url}/`)).status).toBe(404)
  })

  test('opens the channels that --public names, and only to subscribers', async () => {
    const { url } = await serve(['--public', 'news', 'rooms.{room}', '--public', 'log-*'])
    const status = async (channel: string) => {
      const { status, body } = await fetch(`${url}/sse?channel=${channel}`)
      await body?.cancel()
      return status
    }

    expect(await Promise.all(['news', 'rooms.1', 'log-a', 'log-'].map(status))).toEqual([200, 200, 200, 200])
    expect(await Promise.all(['newsroom', 'rooms.1.2', 'log', 'news,other'].map(status))).toEqual([403, 403, 403, 403])
    expect((await post(url, { channel: 'news', data: 1 })).status).toBe(403)
  })
})

describe('serve', () => {
  test('opens a stream at once, with its place in the log', async () => {
    const { url } = await serve(['--dev'])
    const { response, body } = await openStream(url, 'a')

    const { value } = await body.getReader().read()

    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(new TextDecoder().decode(value)).toMatch(/^retry: \d+\nid: \S+\n\n$/)
  })

  test('answers HEAD, wrong paths and wrong methods', async () => {
    const { url } = await serve(['--dev'])
    const ask = async (method: string, path: string) => {
      const response = await fetch(`${url}${path}`, { method })
      const text = await response.text()
      return [response.status, response.headers.get('content-type'), text === '' ? '' : JSON.parse(text).code]
    }
    const problem = 'application/problem+json'

    expect(await ask('HEAD', '/sse?channel=a')).toEqual([200, 'text/event-stream', ''])
    expect(await ask('HEAD', '/healthz')).toEqual([200, 'application/json', ''])
    expect(await ask('GET', '/healthz?x=1')).toEqual([200, 'application/json', undefined])
    expect(await ask('GET', '/nowhere')).toEqual([404, problem, 'not_found'])
    expect(await ask('GET', '/sse/')).toEqual([404, problem, 'not_found'])
    expect(await ask('GET', '/page/server/server.js')).toEqual([404, problem, 'not_found'])
    expect(await ask('POST', '/sse')).toEqual([405, problem, 'method_not_allowed'])
    expect(await ask('OPTIONS', '/sse')).toEqual([405, problem, 'method_not_allowed'])
    expect(await ask('GET', '/publish')).toEqual([405, problem, 'method_not_allowed'])
    expect(await ask('DELETE', '/healthz')).toEqual([405, problem, 'method_not_allowed'])
  })

  test.for([
    ['GET http://127.0.0.1/healthz HTTP/1.1\r\nHost: 127.0.0.1', '200'],
    ['GET //healthz HTTP/1.1\r\nHost: 127.0.0.1', '404'],
    ['OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1', '404'],
    ['nonsense', '400'],
  ])('answers %j with %s', async ([request = '', status]) => {
    const { url } = await serve(['--dev'])

    expect((await raw(url, `${request}\r\nConnection: close\r\n\r\n`)).slice(9, 12)).toBe(status)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  test('says which program is in the way when its port is taken', async () => {
    const { url } = await serve()

    const { code, stderr } = await run(['serve', '--port', new URL(url).port])

    expect(code).toBe(1)
    expect(stderr).toMatch(/another program listens there.*\(address_unavailable\)/)
  })

  test('takes its port from PORT, and an empty one for none', async () => {
    const { url } = await serve([], { PORT: '0', REDIS_URL: '' })

    expect(Number(new URL(url).port)).toBeGreaterThan(0)
    expect(await run(['serve'], { env: { PORT: 'x' } })).toMatchObject({ code: 2 })
  })

  test('tells people what is open', async () => {
    const dev = await start(['serve', '--dev', '--port', '0'])
    const closed = await start(['serve', '--port', '0', '--public', 'news', 'log-*'])

    expect(await untilPrinted(dev, /listens[\s\S]*page.*\n/)).toMatch(
      /everything is open[\s\S]*channels +all[\s\S]*broker +memory/,
    )
    expect(await untilPrinted(closed, /listens[\s\S]*broker.*\n/)).toMatch(/channels +news, log-\*\n.*closed over HTTP/)
  })

  test.for([
    [['--relay', 'news'], /--relay needs --redis/],
    [['--min-replicas', '1'], /--min-replicas needs --redis/],
    [['--publish-wait', '0'], /--publish-wait needs --redis/],
    [['--relay-prefix', 'x', '--redis', 'redis://127.0.0.1'], /--relay-prefix needs --relay/],
    [['--redis', 'http://user:secret@host'], /Redis URL is not understood/],
    [['--port', '70000'], /0 to 65535/],
    [['--history', '-1'], /whole number, 0 or more/],
    [['--public', 'a b'], /white space/],
    [['--public', 'a', '--public', 'a'], /Two channels/],
    [['--cors', 'https://example.com/'], /such as https:\/\/example\.com, or \*/],
    [['--nonsense'], /unknown option/],
    [['nonsense'], /too many arguments/],
  ] as const)('refuses %j', async ([args, why]) => {
    const { code, stderr } = await run(['serve', '--port', '0', ...args])

    expect(stderr).toMatch(why)
    expect(stderr).not.toMatch(/secret|\n {4}at /)
    expect(code).toBe(2)
  })
})

/** What the server answers to these bytes, until it closes. */
async function raw(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).setEncoding('utf8')
  let answer = ''
  socket.on('data', (chunk: string) => {
    answer += chunk
  })
  socket.write(request)
  await once(socket, 'close')
  return answer
}
