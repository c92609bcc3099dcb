import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createParser } from '../../../src/sse/parse.ts'
import { events } from '../../../src/sse/stream.ts'
import { post, type Serve, serve } from './command.ts'

const MB = 1024 * 1024
const readers = 5
/** 40 MB for each reader. */
const messages = 2_000
const filler = 'x'.repeat(20_900)
const perRequest = 40

const brokers = [
  { name: 'on disk', args: async () => ['--data', await temporary()], log: 0 },
  // Beside the log itself, which is in this process: a character of the data is a byte there.
  { name: 'in memory', args: async () => [], log: readers * messages * filler.length },
]

test.for(brokers)(
  '5 readers that stop reading while 40 MB each are published cost a hub $name less than 80 MB, and get it all',
  { timeout: 120_000 },
  async ({ args, log }) => {
    const hub = await serve(['--dev', ...(await args())])
    const streams = await Promise.all(Array.from({ length: readers }, (_, reader) => open(hub, `reader-${reader}`)))
    // A hub that has worked for a moment: what publishing alone takes is not theirs.
    await publish(hub, 'nobody', 400)
    const before = await residentBytes(hub)
    let most = before

    for (let first = 0; first < messages; first += perRequest) {
      for (let reader = 0; reader < readers; reader++) {
        await publish(hub, `reader-${reader}`, perRequest, first)
        most = Math.max(most, await residentBytes(hub))
      }
    }

    expect(most - before).toBeLessThan(80 * MB + log)
    const numbers = Array.from({ length: messages }, (_, number) => number)
    expect(await Promise.all(streams.map(({ readAll }) => readAll(messages)))).toEqual(streams.map(() => numbers))
  },
)

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

/** Messages that begin with their numbers. */
async function publish({ url }: Serve, channel: string, count: number, from = 0): Promise<void> {
  for (let first = from; first < from + count; first += perRequest) {
    const lines = Array.from({ length: perRequest }, (_, index) =>
      JSON.stringify({ channel, data: `${first + index}:${filler}` }),
    )
    const response = await fetch(`${url}/publish`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
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
  await publish(hub, 'log-audit', 1_000)
  socket.resume()
  await once(socket, 'close')
})
