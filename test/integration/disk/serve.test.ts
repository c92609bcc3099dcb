import { expect, test } from 'vitest'
import { events } from '../../../src/sse/stream.ts'
import { openStream, post, run, serve } from '../cli/command.ts'
import { createDirectory } from './support/directory.ts'

async function publish(url: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 1; n <= count; n++) {
    const response = await post(url, { channel: 'a', data: n })
    expect(response.status).toBe(200)
    ids.push(((await response.json()) as { id: string }).id)
  }
  return ids
}

/** What a reader that comes back with this cursor gets, up to `last`. */
async function resume(url: string, cursor: string, last: string): Promise<string[]> {
  const controller = new AbortController()
  const response = await fetch(`${url}/sse?channel=a`, {
    headers: { 'last-event-id': cursor },
    signal: controller.signal,
  })
  const seen: string[] = []
  if (response.body === null) throw new Error('A stream without a body')
  for await (const { event, data } of events(response.body)) {
    seen.push(event === 'millrace:gap' ? `gap:${(JSON.parse(data) as { reason: string }).reason}` : data)
    if (seen.at(-1) === last) break
  }
  controller.abort()
  return seen
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index))

test('what was acknowledged before a kill -9 is replayed after it', async () => {
  const dir = await createDirectory()
  const first = await serve(['--dev', '--data', dir])
  expect(first.listening.broker).toBe(`disk: ${dir}`)
  const ids = await publish(first.url, 30)
  await first.kill('SIGKILL')

  const second = await serve(['--dev', '--data', dir])
  expect(await resume(second.url, ids[9] ?? '', '30')).toEqual(numbers(11, 30))
  const { events: live } = await openStream(second.url, 'a')
  await post(second.url, { channel: 'a', data: 31 })
  expect((await live.next()).value).toMatchObject({ data: '31' })
  expect(await resume(second.url, ids[27] ?? '', '31')).toEqual(['29', '30', '31'])

  await second.kill('SIGTERM')
  const third = await serve(['--dev', '--data', dir])
  expect(await resume(third.url, ids[28] ?? '', '31')).toEqual(['30', '31'])
})

test('with --history 10 a cursor from before gets one gap and the last ten, and others get none', async () => {
  const { url } = await serve(['--dev', '--history', '10', '--data', await createDirectory()])
  const ids = await publish(url, 50)

  expect(await resume(url, ids[3] ?? '', '50')).toEqual(['gap:expired', ...numbers(41, 50)])
  expect(await resume(url, ids[39] ?? '', '50')).toEqual(numbers(41, 50))
  expect(await resume(url, 'not-a-position', 'gap:unknown')).toEqual(['gap:unknown'])
  await post(url, { channel: 'a', data: 51 })
  expect(await resume(url, ids[49] ?? '', '51')).toEqual(['51'])
})

test('a directory in use, and Redis beside it, are refused', async () => {
  const dir = await createDirectory()
  await serve(['--data', dir])

  const second = await run(['serve', '--port', '0', '--data', dir])
  expect([second.code, second.stderr]).toEqual([1, expect.stringContaining('data_locked')])
  const both = await run(['serve', '--port', '0', '--data', dir, '--redis', 'redis://127.0.0.1:1'])
  expect([both.code, both.stderr]).toEqual([expect.any(Number), expect.stringContaining('option_invalid')])
})
