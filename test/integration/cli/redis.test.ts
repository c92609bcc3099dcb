import { createClient } from 'redis'
import { expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../support/redis.ts'
import { openStream, run, serve, start, untilPrinted } from './command.ts'

async function redis() {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  return server
}

test('a raw PUBLISH reaches a stream, its bytes unchanged', async () => {
  const server = await redis()
  const { url } = await serve(['--dev', '--redis', server.url, '--relay', 'messages', '--relay-prefix', 'laravel_'])
  const { events } = await openStream(url, 'messages')
  const client = await createClient({ url: server.url }).connect()
  onTestFinished(() => client.destroy())

  await client.publish('laravel_messages', '{"message": "Hello from Laravel!"}')

  expect((await events.next()).value).toMatchObject({ event: 'message', data: '{"message": "Hello from Laravel!"}' })
})

test('what is published through Redis reaches the streams of a hub that takes nothing over HTTP', async () => {
  const server = await redis()
  const { url } = await serve(['--public', 'news'], { REDIS_URL: server.url })
  const { events } = await openStream(url, 'news')

  const { code, stdout } = await run(['publish', 'news', '{"n":1}', '--redis', server.url])

  expect(code).toBe(0)
  expect((await events.next()).value).toMatchObject({ id: stdout.trim(), data: '{"n":1}' })
})

test('lines of stdin go through Redis', async () => {
  const server = await redis()
  const input = Array.from({ length: 5_000 }, (_, index) => `${index}\n`).join('')

  const published = await run(['publish', 'a', '-', '--redis', server.url, '--history', '10'], { input })

  expect(published).toMatchObject({ code: 0, stderr: '' })
  const { url } = await serve(['--dev', '--redis', server.url])
  const { stdout } = await run(['subscribe', 'a', '--url', url, '--since', '1h', '--count', '10', '--json'])
  expect(stdout.match(/(?<="data":)\d+/g)).toEqual(Array.from({ length: 10 }, (_, index) => String(4_990 + index)))
})

test('a subscriber of one hub goes on at another', async () => {
  const server = await redis()
  const first = await serve(['--dev', '--redis', server.url])
  const { port } = new URL(first.url)
  const subscriber = await start(['subscribe', 'a', '--url', first.url, '--json', '--count', '3'])
  await untilPrinted(subscriber, /"open"/)
  await run(['publish', 'a', '1', '--redis', server.url])
  await untilPrinted(subscriber, /"data":1/)

  await first.kill('SIGTERM')
  await run(['publish', 'a', '2', '--redis', server.url])
  await serve(['--dev', '--redis', server.url, '--port', port])
  await untilPrinted(subscriber, /"data":2/)
  await run(['publish', 'a', '3', '--redis', server.url])
  await untilPrinted(subscriber, /"data":3/)

  expect(subscriber.output.match(/(?<="data":)\d/g)).toEqual(['1', '2', '3'])
  expect(subscriber.output).not.toContain('gap')
})

test('says where Redis is and never its password', async () => {
  const server = await redis()
  const withPassword = server.url.replace('redis://', 'redis://default:secret@')

  const hub = await serve(['--redis', withPassword])
  const people = await start(['serve', '--port', '0', '--redis', withPassword])
  await untilPrinted(people, /broker .*\n/)

  expect(hub.listening.broker).toBe(`${server.url}`)
  expect(hub.output + people.output).not.toContain('secret')
})

test('says so when Redis cannot be reached, and the hub goes on', async () => {
  const server = await redis()
  const { url } = server
  await server.kill()

  const published = await run(['publish', 'a', '1', '--redis', url])
  const hub = await serve(['--dev', '--redis', url])
  await untilPrinted(hub, /broker_unavailable/)

  expect(published).toMatchObject({ code: 1, stderr: expect.stringContaining('(broker_unavailable)') })
  expect((await fetch(`${hub.url}/healthz`)).status).toBe(200)
  await hub.kill('SIGTERM')
  expect(hub.ended).toBe(0)
})

test('a publisher chooses how long to wait for Redis: Prefer, --wait, and --publish-wait for those who say nothing', async () => {
  const server = await redis()
  const hub = await serve(['--dev', '--redis', server.url, '--publish-wait', '0'])
  const post = (headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${hub.url}/publish`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"channel":"a","data":1}',
    })
  expect((await post({ prefer: 'wait=10' })).status).toBe(200)
  await server.kill('SIGKILL')
  await untilPrinted(hub, /broker_unavailable/)

  const refused = await post()
  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({ code: 'broker_unavailable' })
  expect((await post({ prefer: 'wait=0' })).status).toBe(503)
  expect(await run(['publish', 'a', '2', '--url', hub.url, '--wait', '0'])).toMatchObject({ code: 1 })

  const waiting = [post({ prefer: 'wait=20' }), run(['publish', 'a', '2', '--url', hub.url, '--wait', '19001'])]
  await server.restart()
  expect(await Promise.all(waiting)).toMatchObject([{ status: 200 }, { code: 0 }])
})

test('--min-replicas answers 503 where there are none, and the message is published all the same', async () => {
  const server = await redis()
  const hub = await serve(['--dev', '--redis', server.url, '--min-replicas', '1'])
  const { code, stderr } = await run(['publish', 'a', '1', '--url', hub.url])
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('(replicas_too_few)') })
  expect((await run(['subscribe', 'a', '--url', hub.url, '--since', '1h', '--count', '1', '--json'])).stdout).toContain(
    '"data":1',
  )
})
