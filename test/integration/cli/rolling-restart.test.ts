import { EventSource } from 'eventsource'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { startNginx } from '../../support/nginx.ts'
import { startRedis } from '../../support/redis.ts'
import { until } from '../../support/until.ts'
import { post, serve } from './command.ts'

/** As docs/delivery.md says that it should be. */
const config = `
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_read_timeout 1h;
  proxy_next_upstream error timeout http_503;
`

const audiences = [['a'], ['b'], ['a', 'b'], ['b', 'c'], ['a', 'b', 'c']]

/** A page's own EventSource: it comes back by itself, and gives up for good where it is answered with anything but 200. */
function openPage(url: string, channels: readonly string[]) {
  const seen: number[] = []
  const gaps: string[] = []
  const source = new EventSource(`${url}/sse?channel=${channels}`)
  onTestFinished(() => source.close())
  let opened = 0
  source.addEventListener('open', () => void opened++)
  source.addEventListener('message', ({ data }) => void seen.push(Number(data)))
  source.addEventListener('millrace:gap', ({ data }) => void gaps.push(String(data)))
  return { channels, seen, gaps, source, opened: () => opened }
}

/** Publishes one message after the other, and each until it is acknowledged, always with the same id. */
function startPublisher(url: string) {
  const published: string[] = []
  let isStopped = false
  const publish = async () => {
    for (let n = 0; !isStopped; n++) {
      const channel = ['a', 'b', 'c'][n % 3] ?? ''
      const message = { channel, data: `${n}`, id: `message-${n}` }
      await until(`message ${n}`, async () => (await post(url, message).catch(() => undefined))?.ok || undefined)
      published.push(channel)
    }
    return published
  }
  const done = publish()
  return {
    stop: () => {
      isStopped = true
      return done
    },
  }
}

test('two hubs that are restarted one after the other behind nginx lose nothing', { timeout: 60_000 }, async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const ports = [await freePort(), await freePort()]
  const start = (port: number) => serve(['--dev', '--redis', redis.url, '--port', String(port)])
  const hubs = [await start(ports[0] ?? 0), await start(ports[1] ?? 0)]
  const nginx = await startNginx({ upstreamPort: ports, upstreamParameters: 'max_fails=0', config })
  onTestFinished(() => nginx.stop())

  const pages = Array.from({ length: 20 }, (_, n) => openPage(nginx.url, audiences[n % audiences.length] ?? []))
  await until('all pages', async () => pages.every(({ opened }) => opened() === 1) || undefined)
  const publisher = startPublisher(nginx.url)
  // This EventSource takes no id from a block without data, as browsers do: it has a cursor when it has had a message.
  await until('a cursor for each', async () => pages.every(({ seen }) => seen.length > 0) || undefined)
  for (const index of [0, 1, 0, 1]) {
    await hubs[index]?.kill('SIGTERM')
    expect(hubs[index]?.ended).toBe(0)
    hubs[index] = await start(ports[index] ?? 0)
  }
  const published = await publisher.stop()

  const dueTo = (channels: readonly string[]) =>
    published.flatMap((channel, n) => (channels.includes(channel) ? [n] : []))
  await until(
    'what is still due',
    async () => pages.every(({ channels, seen }) => seen.length >= dueTo(channels).length) || undefined,
  )
  for (const { channels, gaps, seen, source } of pages) {
    expect(seen).toEqual(dueTo(channels))
    expect([gaps, source.readyState]).toEqual([[], EventSource.OPEN])
  }
  // Whichever hub a page was at, that one went.
  expect(pages.every(({ opened }) => opened() >= 2)).toBe(true)
  expect(published.length).toBeGreaterThan(100)
})
