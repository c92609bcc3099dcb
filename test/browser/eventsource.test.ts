import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createHub, defineChannel, defineEvent, type Hub } from '../../src/index.ts'
import { sse } from '../../src/node.ts'
import { startNginx } from '../support/nginx.ts'
import { until } from '../support/until.ts'
import { browserScope } from './scope.ts'

const NewMessage = defineEvent<{ text: string }>('NewMessage')
const news = defineChannel('news')
const sport = defineChannel('sport')
const brief = defineChannel('brief', { history: 10 })

interface Received {
  readonly type: string
  readonly data: string
  readonly lastEventId: string
}

/** A hub behind a server, and a blank page of that server in a real browser. */
interface Setting {
  readonly hub: Hub
  /** The requests for a stream, in order. */
  readonly requests: readonly IncomingMessage[]
  /** How the streams came, as the browser saw it, in order. */
  readonly codings: readonly (string | undefined)[]
  /** What the page's `EventSource` fired, errors aside. */
  readonly received: readonly Received[]
  /** Opens an `EventSource` in the page. Resolves when it has fired `open`. */
  connect(query: string): Promise<void>
  /** Cuts the connection and lets the browser's attempts wait until `run` is done. Resolves when the browser is back. */
  whileAway(run: () => Promise<void>): Promise<void>
  /** Resolves with everything received once a message with this data is among it. */
  upTo(data: string): Promise<readonly Received[]>
}

const scope = browserScope()
const { undo } = scope

const ways = [
  { way: 'directly', behindNginx: false, compress: true },
  { way: 'directly and uncompressed', behindNginx: false, compress: false },
  { way: 'through nginx as it comes', behindNginx: true, compress: true },
]

describe.for(ways)('an unmodified EventSource, $way,', ({ behindNginx, compress }) => {
  const setUp = () => start(behindNginx, compress)

  test('fires each event when it comes, small or large, and does not wait for the next', async () => {
    const { hub, codings, connect, upTo } = await setUp()
    await connect('channel=news')

    for (let count = 1; count <= 10; count++) {
      await hub.publish('news', `small ${count}`)
      await upTo(`small ${count}`)
      const large = `large ${count} ${'Streams that end alike are compressed once. '.repeat(40 * count)}`
      await hub.publish('news', large)
      await upTo(large)
    }

    expect(codings).toEqual([compress ? 'gzip' : undefined])
  })

  test('that has received nothing yet is given, when it comes back, what it missed', async () => {
    const { hub, requests, received, connect, whileAway, upTo } = await setUp()
    await hub.publish('news', 'from before')
    await connect('channel=news')

    await whileAway(async () => {
      for (let count = 1; count <= 5; count++) await hub.publish('news', `missed ${count}`)
    })
    await hub.publish('news', 'live again')

    await upTo('live again')
    expect(received.map(({ data }) => data)).toEqual([
      ...[1, 2, 3, 4, 5].map((count) => `missed ${count}`),
      'live again',
    ])
    // The browser had its cursor from the block that has an id and nothing else.
    expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, expect.stringMatching(/^\d+-/)])
  })

  test('that comes back again and again sees every message once, in order', async () => {
    const { hub, received, connect, whileAway, upTo } = await setUp()
    await connect('channel=news&channel=sport')

    for (let round = 0; round < 4; round++) {
      await hub.publish('news', `${round} live`)
      await whileAway(async () => {
        await hub.publish('sport', `${round} away`)
        await hub.publish('news', `${round} away too`)
      })
    }
    await hub.publish('sport', 'the end')

    await upTo('the end')
    expect(received.map(({ data }) => data)).toEqual([
      ...[0, 1, 2, 3].flatMap((round) => [`${round} live`, `${round} away`, `${round} away too`]),
      'the end',
    ])
  })

  test('fires message for what has no name and the name for what has one', async () => {
    const { hub, connect, upTo } = await setUp()
    await connect('channel=news')

    await hub.publish('news', { message: 'Hello' })
    await hub.publish('news', NewMessage({ text: 'Hello' }))
    await hub.publish('news', 'named by the publisher', { event: 'NewMessage' })
    await hub.publish('news', 'the end')

    expect((await upTo('the end')).map(({ type, data }) => [type, data])).toEqual([
      ['message', '{"message":"Hello"}'],
      ['NewMessage', '{"text":"Hello"}'],
      ['NewMessage', 'named by the publisher'],
      ['message', 'the end'],
    ])
  })

  test('gets data as it was: lines, spaces, other scripts, and none', async () => {
    const { hub, connect, upTo } = await setUp()
    await connect('channel=news')
    const data = [
      'first\nsecond\n\nfourth',
      '\nends with a line end\n',
      ' begins with a space',
      'data: looks like a field\nid: 7\n\nevent: x',
      'Grüße, 你好, \u{1F30A}, \u2028, \uFEFF',
      'x'.repeat(100_000),
      '',
    ]

    for (const text of data) await hub.publish('news', text)
    await hub.publish('news', 'CR\rand CRLF\r\nare line ends too')
    await hub.publish('news', 'the end')

    expect((await upTo('the end')).map((event) => event.data)).toEqual([
      ...data,
      'CR\nand CRLF\nare line ends too',
      'the end',
    ])
  })

  test('gets a message on two of its channels once', async () => {
    const { hub, connect, whileAway, upTo } = await setUp()
    await connect('channel=news,sport')

    await hub.publish(['news', 'sport'], 'on both, live')
    await hub.publish('sport', 'on one')
    await whileAway(() => hub.publish(['sport', 'news'], 'on both, away').then(() => undefined))
    await hub.publish('news', 'the end')

    expect((await upTo('the end')).map(({ data }) => data)).toEqual([
      'on both, live',
      'on one',
      'on both, away',
      'the end',
    ])
  })

  test('is told once of a gap, and given what is left', async () => {
    const { hub, connect, whileAway, upTo } = await setUp()
    await connect('channel=brief&channel=news')
    await hub.publish('brief', 'seen')
    await upTo('seen')

    await whileAway(async () => {
      for (let count = 1; count <= 25; count++) await hub.publish('brief', `missed ${count}`)
    })
    await whileAway(async () => {
      await hub.publish('news', 'from another channel')
    })
    await hub.publish('brief', 'the end')

    const [seen, gap, ...rest] = await upTo('the end')
    expect(seen?.data).toBe('seen')
    expect(gap?.type).toBe('millrace:gap')
    expect(JSON.parse(gap?.data ?? '')).toEqual({ reason: 'expired', channels: ['brief'] })
    expect(rest.map(({ type, data }) => [type, data])).toEqual([
      ...Array.from({ length: 10 }, (_, index) => ['message', `missed ${16 + index}`]),
      ['message', 'from another channel'],
      ['message', 'the end'],
    ])
  })

  test('that brings a cursor which is none is told of a gap, and is live', async () => {
    const { hub, connect, upTo } = await setUp()
    await hub.publish('news', 'from before')
    await connect('channel=news&last_event_id=none-of-ours')

    await hub.publish('news', 'the end')

    expect((await upTo('the end')).map(({ type, data }) => [type, data])).toEqual([
      ['millrace:gap', '{"reason":"unknown","channels":["news"]}'],
      ['message', 'the end'],
    ])
  })
})

async function start(behindNginx: boolean, compress: boolean): Promise<Setting> {
  const hub = createHub({ channels: [news, sport, brief], retry: 50 })
  undo.push(() => hub.close())
  const stream = sse(hub, { compress })
  const requests: IncomingMessage[] = []
  let gate = Promise.resolve()
  const server = createServer(async (request, response) => {
    if (request.url?.startsWith('/sse') !== true) {
      response.setHeader('content-type', 'text/html')
      response.end('<!doctype html><title>Blank</title><link rel="icon" href="data:,">')
      return
    }
    await gate
    requests.push(request)
    await stream(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  undo.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const url = behindNginx ? await nginx(port) : `http://127.0.0.1:${port}`

  const context = await scope.browser.newContext()
  undo.push(() => context.close())
  const page = await context.newPage()
  const received: Received[] = []
  const codings: (string | undefined)[] = []
  page.on('response', (response) => {
    if (response.url().includes('/sse?')) codings.push(response.headers()['content-encoding'])
  })
  let opened = 0
  await page.exposeFunction('report', (event: Received) => {
    if (event.type === 'open') opened++
    else received.push(event)
  })
  await page.goto(url)

  const isBack = (count: number) => until('the browser', async () => opened >= count || undefined)
  return {
    hub,
    requests,
    codings,
    received,
    async connect(query) {
      await page.evaluate((query) => {
        const { report } = globalThis as unknown as { report: (event: Received) => void }
        const source = new EventSource(`/sse?${query}`)
        source.onopen = () => report({ type: 'open', data: '', lastEventId: '' })
        const tell = ({ type, data, lastEventId }: MessageEvent<string>) => report({ type, data, lastEventId })
        source.onmessage = tell
        for (const name of ['NewMessage', 'millrace:gap']) source.addEventListener(name, tell)
      }, query)
      await isBack(1)
    },
    async whileAway(run) {
      const count = opened
      let open = () => {}
      gate = new Promise((resolve) => {
        open = resolve
      })
      requests.at(-1)?.socket.destroy()
      await until('the hub to notice', async () => hub.subscribers === 0 || undefined)
      await run()
      open()
      await isBack(count + 1)
    },
    async upTo(data) {
      await until(JSON.stringify(data), async () => received.some((event) => event.data === data) || undefined)
      return received
    },
  }
}

async function nginx(upstreamPort: number): Promise<string> {
  const nginx = await startNginx({ upstreamPort })
  undo.push(() => nginx.stop())
  return nginx.url
}
