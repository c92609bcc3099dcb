import { describe, expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../support/redis.ts'
import { until } from '../../support/until.ts'
import { openStream, post, untilPrinted } from '../cli/command.ts'
import { audiences, expectAll, openPage, startPublisher } from '../cli/pages.ts'
import { createDirectory } from '../disk/support/directory.ts'
import { isAlive, serveBy, socketsOf, workersOf } from './fleet.ts'
import { startProber } from './prober.ts'

/** The flags of each broker. */
const brokers = {
  memory: async () => [],
  disk: async () => ['--data', await createDirectory()],
  redis: async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    return ['--redis', redis.url]
  },
}
const names = ['memory', 'disk', 'redis'] as const

describe.each(names)('two workers on %s', (name) => {
  test('carry what is published at one of them to the readers of both', async () => {
    const hub = await serveBy(2, await brokers[name]())
    const streams = await Promise.all(Array.from({ length: 6 }, () => openStream(hub.url, 'a')))

    const answers = []
    for (const data of ['1', '2', '3', '4']) answers.push(await post(hub.url, { channel: 'a', data }))

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: string }).id))
    for (const { events } of streams) {
      const seen = []
      for (const _ of ids) seen.push((await events.next()).value)
      expect(seen.map((event) => [event?.id, event?.data])).toEqual(ids.map((id, index) => [id, String(index + 1)]))
    }
  })

  test('lose nothing when they are killed while messages are published', { timeout: 90_000 }, async () => {
    const hub = await serveBy(2, await brokers[name]())
    const pages = Array.from({ length: 20 }, (_, n) => openPage(hub.url, audiences[n % audiences.length] ?? []))
    await until('all pages', async () => pages.every(({ opened }) => opened() === 1) || undefined)
    const publisher = startPublisher(hub.url)
    await until('a cursor for each', async () => pages.every(({ seen }) => seen.length > 0) || undefined)

    for (const index of [0, 1, 0]) {
      const pids = await workersOf(hub)
      const before = pids[index] ?? 0
      const other = pids[1 - index] ?? 0
      process.kill(before, 'SIGKILL')
      const after = await until('another worker', async () =>
        (await workersOf(hub)).find((pid) => pid !== before && pid !== other),
      )
      expect(isAlive(other)).toBe(true)
      await until('readers of the new one', async () => (await socketsOf(after)) > 8 || undefined)
    }
    const published = await publisher.stop()

    await expectAll(pages, published)
    expect(published.length).toBeGreaterThan(100)
    expect(hub.output.match(/"code":"worker_died"/g)).toHaveLength(3)
    // Nobody was thrown off who was at another worker than the one that died.
    expect(pages.reduce((sum, { opened }) => sum + opened(), 0)).toBeLessThan(20 * 4)
  })

  test('are restarted one after the other by SIGHUP, and nothing is lost or refused', { timeout: 90_000 }, async () => {
    const hub = await serveBy(2, await brokers[name]())
    const before = await workersOf(hub)
    const pages = Array.from({ length: 20 }, (_, n) => openPage(hub.url, audiences[n % audiences.length] ?? []))
    await until('all pages', async () => pages.every(({ opened }) => opened() === 1) || undefined)
    const publisher = startPublisher(hub.url)
    await until('a cursor for each', async () => pages.every(({ seen }) => seen.length > 0) || undefined)
    const prober = startProber(hub.url)

    process.kill(hub.pid, 'SIGHUP')
    await untilPrinted(hub, /"restarted"/)
    const probes = await prober.stop()
    const published = await publisher.stop()

    await expectAll(pages, published)
    expect(probes.failed).toEqual([])
    expect(publisher.failures).toEqual([])
    expect(probes.answered).toBeGreaterThan(100)
    const after = await workersOf(hub)
    expect(after.filter((pid) => before.includes(pid))).toEqual([])
    expect(before.filter(isAlive)).toEqual([])
    // In the end each has half of them, although the second was there before the first had any.
    expect(pages.map(({ opened }) => opened())).toEqual(Array(20).fill(2))
    const [first = 0, second = 0] = await Promise.all(after.map(socketsOf))
    expect(Math.abs(first - second)).toBeLessThanOrEqual(3)
  })
})
