import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeSink } from '../../../src/adapters/node-sink.ts'
import { Packet } from '../../../src/hub/packet.ts'
import type { Sink } from '../../../src/hub/sink.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const size = 1024 * 1024
const chunk = Packet.toOne(new Uint8Array(size))

let server: Server
let client: Socket
let response: ServerResponse
let sink: Sink
let clock: ManualClock

const ways = [
  { way: 'its own write', isBare: false },
  { way: 'its socket', isBare: true },
]

async function open(isBare: boolean): Promise<void> {
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => {})
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  response = (await once(server, 'request'))[1]
  response.shouldKeepAlive = false
  response.flushHeaders()
  clock = new ManualClock()
  sink = nodeSink(response, isBare, clock)
}

describe.each(ways)('the sink of a node:http answer, by $way', ({ isBare }) => {
  beforeEach(() => open(isBare))

  afterEach(() => {
    client.destroy()
    server.close()
  })

  test('asks its writer to wait when more waits than the system takes, and says when that has gone', async () => {
    while (sink.write(chunk) || sink.buffered < size);
    const drained = new Promise<void>((resolve) => sink.onDrain(resolve))

    client.resume()
    await drained

    expect(sink.buffered).toBe(0)
    expect(sink.write(Packet.toOne(new Uint8Array(1)))).toBe(true)
  })

  test('says once that its reader has gone, and at once to who asks later', async () => {
    const gone: string[] = []
    sink.onClose(() => gone.push('asked before'))

    client.destroy()
    await once(response, 'close')
    sink.onClose(() => gone.push('asked later'))

    expect(gone).toEqual(['asked before', 'asked later'])
  })

  test('takes nothing and throws nothing when its reader has gone', async () => {
    client.resetAndDestroy()
    await once(response, 'close')

    expect(sink.write(chunk)).toBe(false)
    expect(() => sink.end()).not.toThrow()
    expect(sink.buffered).toBe(0)
  })

  test('takes nothing and throws nothing when it has ended', () => {
    sink.end()

    expect(sink.write(chunk)).toBe(false)
    expect(() => sink.end()).not.toThrow()
  })

  test('cuts a reader off that does not take the rest of a stream that has ended', async () => {
    while (sink.write(chunk) || sink.buffered < size);
    const closed = once(response, 'close')

    sink.end()
    clock.advance(1_999)
    expect([response.destroyed, clock.timers]).toEqual([false, 1])
    clock.advance(1)
    await closed

    expect([response.destroyed, clock.timers]).toEqual([true, 0])
  })

  test('lets a reader take the rest of a stream that has ended, and forgets it then', async () => {
    sink.write(chunk)
    const closed = once(response, 'close')
    let received = 0
    client.on('data', ({ length }) => {
      received += length
    })

    sink.end()
    await Promise.all([closed, once(client, 'close')])

    expect(received).toBeGreaterThan(size)
    expect(clock.timers).toBe(0)
  })
})
