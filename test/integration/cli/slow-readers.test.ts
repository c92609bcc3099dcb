import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createParser } from '../../../src/sse/parse.ts'
import { events } from '../../../src/sse/stream.ts'
import { post, type Serve, serve } from './command.ts'

const MB = 1024 * 1024
const readers = 5
/** 40 MB for each reader. */
const total = 40 * MB

const ways = [
  { way: 'in requests of 40 messages', size: 20_900, perRequest: 40 },
  { way: 'one by one', size: 10_000, perRequest: 1 },
]
const brokers = [
  { name: 'on disk', args: async () => ['--data', await temporary()], log: () => 0 },
  // Beside the log itself, which is in this process: a character of the data is a byte there. V8 has its way with the rest.
  { name: 'in memory', args: async () => [], log: (size: number, count: number) => readers * count * size + 80 * MB },
]
const cases = brokers.flatMap((broker) => ways.map((way) => ({ ...broker, ...way })))

test.for(cases)(
  '5 readers that stop reading while 40 MB each are published $way cost a hub $name less than 80 MB, and get it all',
  { timeout: 240_000 },
  async ({ args, log, size, perRequest }) => {
    const count = Math.ceil(total / size / perRequest) * perRequest
    const hub = await serve(['--dev', ...(await args())])
    const streams = await Promise.all(Array.from({ length: readers }, (_, reader) => open(hub, `reader-${reader}`)))
    // From here on, and nothing has been published yet: whatever it takes is because of them.
    const growth = watchGrowth(hub)

    await Promise.all(streams.map((_, reader) => publish(hub, `reader-${reader}`, { count, size, perRequest })))
    const whileStalled = growth.most
    const numbers = Array.from({ length: count }, (_, number) => number)
    expect(await Promise.all(streams.map(({ readAll }) => readAll(count)))).toEqual(streams.map(() => numbers))
    await growth.end()

    expect(whileStalled).toBeLessThan(80 * MB + log(size, count))
    expect(growth.most).toBeLessThan(80 * MB + log(size, count))
  },
)

/** Looks again and again, from outside, at how much more memory is resident than at first. */
function watchGrowth(hub: Serve) {
  const growth = { most: 0, end: async () => {} }
  let isOver = false
  const watching = (async () => {
    const before = await residentBytes(hub)
    while (!isOver) {
      growth.most = Math.max(growth.most, (await residentBytes(hub)) - before)
      await setTimeout(20)
    }
  })()
  growth.end = () => {
    isOver = true
    return watching
  }
  onTestFinished(growth.end)
  return growth
}

/** A stream on a bare socket that is not read from, once its first block has come. */
async function open({ url }: Serve, channel: string) {
  const { hostname, port } = new URL(url)
  const socket: Socket = connect(Number(port), hostname)
  onTestFinished(() => void socket.destroy())
  socket.write(`GET /sse?channel=${channel} HTTP/1.0\r\nHost: localhost\r\n\r\n`)
  const numbers: number[] = []
  const gaps: string[] = []
  // No header is named like a field of a stream.
  const parser = createParser({
    onEvent: ({ event, data }) =>
      void (event === 'message' ? numbers.push(Number.parseInt(data, 10)) : gaps.push(event)),
  })
  socket.on('data', (chunk: Buffer) => parser.pushBytes(chunk))
  await once(socket, 'data')
  socket.pause()
  return {
    async readAll(count: number): Promise<number[]> {
      socket.resume()
      while (numbers.length < count && !socket.destroyed) await once(socket, 'data')
      expect(gaps).toEqual([])
      return numbers
    },
  }
}

interface Load {
  readonly count: number
  /** Characters of each message. */
  readonly size: number
  readonly perRequest: number
}

/** Messages that begin with their numbers. */
async function publish({ url }: Serve, channel: string, { count, size, perRequest }: Load): Promise<void> {
  const filler = 'x'.repeat(size)
  for (let first = 0; first < count; first += perRequest) {
    const lines = Array.from({ length: perRequest }, (_, index) =>
      JSON.stringify({ channel, data: `${first + index}:${filler}` }),
    )
    const response = await fetch(`${url}/publish`, {
      method: 'POST',
      headers: { 'content-type': perRequest > 1 ? 'application/x-ndjson' : 'application/json' },
      body: lines.join('\n'),
    })
    expect(response.status).toBe(200)
    await response.arrayBuffer()
  }
}

async function residentBytes({ pid }: Serve): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

async function temporary(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-slow-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

test('serve conflates, or disconnects, the slow readers of the channels that it is told', async () => {
  const hub = await serve(['--dev', '--conflate', 'prices.{symbol}', 'log-*', '--disconnect', 'log-audit'])
  const latest = async (channel: string) => {
    const { id: cursor } = (await (await post(hub.url, { channel: 'first', data: '' })).json()) as { id: string }
    for (const data of ['1', '2', '3']) await post(hub.url, { channel, data, key: 'k' })
    const { body } = await fetch(`${hub.url}/sse?channel=${channel}&last_event_id=${cursor}`)
    const seen: string[] = []
    for await (const { data } of events(body ?? new ReadableStream())) {
      seen.push(data)
      if (data === '3') break
    }
    return seen
  }

  expect(await latest('prices.a')).toEqual(['3'])
  expect(await latest('log-a')).toEqual(['3'])
  expect(await latest('log-audit')).toEqual(['1', '2', '3'])
  expect(await latest('other')).toEqual(['1', '2', '3'])

  const { hostname, port } = new URL(hub.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write('GET /sse?channel=log-audit HTTP/1.0\r\nHost: localhost\r\n\r\n')
  await once(socket, 'data')
  socket.pause()
  // More than an outbox beside what the system takes.
  await publish(hub, 'log-audit', { count: 1_000, size: 20_900, perRequest: 40 })
  socket.resume()
  await once(socket, 'close')
})
