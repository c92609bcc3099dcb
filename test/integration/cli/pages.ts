import { EventSource } from 'eventsource'
import { expect, onTestFinished } from 'vitest'
import { until } from '../../support/until.ts'
import { post } from './command.ts'

/** The channels of pages, which have some in common. */
export const audiences = [['a'], ['b'], ['a', 'b'], ['b', 'c'], ['a', 'b', 'c']]

/** A page's own EventSource: it comes back by itself, and gives up for good where it is answered with anything but 200. */
export function openPage(url: string, channels: readonly string[]) {
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
export function startPublisher(url: string) {
  const published: string[] = []
  const failures: unknown[] = []
  let isStopped = false
  const tryTo = async (message: unknown) => {
    const answer = await post(url, message).catch((error: unknown) => error)
    if (answer instanceof Response && answer.ok) return true
    failures.push(answer)
    return undefined
  }
  const publish = async () => {
    for (let n = 0; !isStopped; n++) {
      const channel = ['a', 'b', 'c'][n % 3] ?? ''
      const message = { channel, data: `${n}`, id: `message-${n}` }
      await until(`message ${n}`, () => tryTo(message))
      published.push(channel)
    }
    return published
  }
  const done = publish()
  return {
    /** What had to be published again. */
    failures,
    stop: () => {
      isStopped = true
      return done
    },
  }
}

export type OpenPage = ReturnType<typeof openPage>

/** Waits until the pages have what was published, `published` being the channel of each message, and no more, in order, and with no gap. */
export async function expectAll(pages: readonly OpenPage[], published: readonly string[]): Promise<void> {
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
}
