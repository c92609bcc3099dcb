import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { startNginx } from '../../support/nginx.ts'
import { startRedis } from '../../support/redis.ts'
import { until } from '../../support/until.ts'
import { serve } from './command.ts'
import { audiences, expectAll, openPage, startPublisher } from './pages.ts'

/** As docs/delivery.md says that it should be. */
const config = `
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_read_timeout 1h;
  proxy_next_upstream error timeout http_503;
`

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

  await expectAll(pages, published)
  // Whichever hub a page was at, that one went.
  expect(pages.every(({ opened }) => opened() >= 2)).toBe(true)
  expect(published.length).toBeGreaterThan(100)
})
