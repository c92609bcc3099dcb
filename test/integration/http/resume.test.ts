import { setTimeout as delay } from 'node:timers/promises'
import { EventSource, type FetchLike } from 'eventsource'
import { describe, expect, test } from 'vitest'
import { until } from '../../support/until.ts'
import { streaming } from './support/adapters.ts'
import { createGate } from './support/gate.ts'
import { createStage, type Stage } from './support/stage.ts'

describe.for(streaming)('a reader that comes back over $name', (adapter) => {
  test('has missed nothing, though it had received nothing when it went away', async () => {
    const stage = await createStage(adapter)
    const first = await stage.subscribe('channel=news')
    first.leave()
    await stage.untilEmpty()
    await stage.hub.publish('news', 'meanwhile')

    const second = await stage.subscribe('channel=news', { headers: { 'Last-Event-ID': first.ids.at(-1) ?? '' } })
    await stage.hub.publish('news', 'since')

    expect((await second.untilEvents(2)).map(({ data }) => data)).toEqual(['meanwhile', 'since'])
  })

  test('resumes after the id in the query', async () => {
    const stage = await createStage(adapter)
    const id = await stage.hub.publish('news', 'seen')
    await stage.hub.publish('news', 'missed')

    const reading = await stage.subscribe(`channel=news&last_event_id=${id}`)

    expect(await reading.untilEvents(1)).toMatchObject([{ data: 'missed' }])
  })

  test('is believed its header rather than the query of its URL, which is older', async () => {
    const stage = await createStage(adapter)
    const old = await stage.hub.publish('news', 'seen')
    const recent = await stage.hub.publish('news', 'seen too')
    await stage.hub.publish('news', 'missed')

    const reading = await stage.subscribe(`channel=news&last_event_id=${old}`, {
      headers: { 'Last-Event-ID': recent ?? '' },
    })

    expect(await reading.untilEvents(1)).toMatchObject([{ data: 'missed' }])
  })

  test('is told of a gap where its id means nothing here', async () => {
    const stage = await createStage(adapter)

    const reading = await stage.subscribe('channel=news', { headers: { 'Last-Event-ID': 'elsewhere' } })

    expect(await reading.untilEvents(1)).toMatchObject([
      { event: 'millrace:gap', data: '{"reason":"unknown","channels":["news"]}' },
    ])
  })

  test('gets what there was since a time, by a duration or a date', async () => {
    const stage = await createStage(adapter)
    await stage.hub.publish('news', 'before')
    // Positions are as fine as milliseconds.
    await delay(5)
    const time = new Date()
    await stage.hub.publish('news', 'after')

    const byDate = await stage.subscribe(`channel=news&since=${time.toISOString()}`)
    const byDuration = await stage.subscribe('channel=news&since=10m')

    expect(await byDate.untilEvents(1)).toMatchObject([{ data: 'after' }])
    expect(await byDuration.untilEvents(2)).toMatchObject([{ data: 'before' }, { data: 'after' }])
  })

  test('is an EventSource that connects again by itself and gets everything once', async () => {
    const stage = await createStage(adapter, { retry: 1 })
    const { source, received, cut, mend } = openEventSource(stage, 'channel=news')
    await until('the stream', async () => source.readyState === source.OPEN || undefined)
    await stage.hub.publish('news', '1')
    await until('the first message', async () => received.length === 1 || undefined)

    cut()
    await stage.untilEmpty()
    await stage.hub.publish('news', '2')
    await stage.hub.publish('news', '3')
    mend()
    await until('the others', async () => received.length >= 3 || undefined)

    expect(received).toEqual(['1', '2', '3'])
  })
})

/** The npm client of that name, on whatever the stage speaks. */
function openEventSource(stage: Stage, query: string) {
  const received: string[] = []
  let connection = new AbortController()
  let network = createGate()
  network.open()
  const fetch: FetchLike = async (url, { headers, signal }) => {
    await network.pass()
    const current = new AbortController()
    connection = current
    signal?.addEventListener('abort', () => current.abort())
    const response = await stage.fetch(String(url).replace(/^.*(?=\/sse)/, ''), { headers: headers as HeadersInit })
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    response.body?.pipeTo(writable, { signal: current.signal }).catch(() => undefined)
    return { ...pick(response), body: readable as never }
  }
  const source = new EventSource(`http://localhost/sse?${query}`, { fetch })
  stage.undo(() => source.close())
  source.onmessage = ({ data }) => received.push(data)
  const cut = () => {
    network = createGate()
    // Not an AbortError, which says that the reader itself wants no more.
    connection.abort(new TypeError('The network is gone.'))
  }
  return { source, received, cut, mend: () => network.open() }
}

function pick({ url, status, headers, redirected }: Response) {
  return { url, status, headers, redirected }
}
