import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { defineChannel } from '../../../src/channels/define.ts'
import { createParser } from '../../../src/sse/parse.ts'
import { until } from '../../support/until.ts'
import { streamingLong } from './support/adapters.ts'
import { untilUsedMemory, usedMemory } from './support/heap.ts'
import { getUnchunked } from './support/raw-client.ts'
import { read } from './support/reading.ts'
import { createStage, type Stage } from './support/stage.ts'

const MB = 1024 * 1024
const readers = 5
/** 20 MB; and 7.5 where a client has to read them out of gzip, which takes it ten times as long as the server. */
const most = 320
const mostCompressed = 120
/** One text for all messages, so that the log itself takes up next to nothing. Of its 64 KiB gzip leaves 48. */
const data = randomBytes(48 * 1024).toString('base64')

describe.for(streamingLong)('readers that stop reading over $name', (adapter) => {
  const messages = adapter.isCompressed ? mostCompressed : most

  test('cost no more than their outboxes, and get everything, in order and once, when they go on', async () => {
    const stage = await createStage(adapter, { limits: { outbox: MB / 4 } })
    const streams = await Promise.all(
      Array.from({ length: readers }, async () => {
        const leaving = new AbortController()
        stage.undo(() => leaving.abort())
        return stage.fetch('/sse?channel=news', { signal: leaving.signal })
      }),
    )
    await until('the subscribers', async () => (stage.hub.subscribers === readers ? true : undefined))
    const before = await usedMemory()

    const sent = await publishMany(stage, messages)

    // 37 MB and more without a limit. Beside the outboxes: a page of each that reads the log, the ring, and what the clients hold.
    await untilUsedMemory(before + 8 * MB)
    for (const response of streams) {
      const reading = read(response, () => {})
      const events = await reading.untilEvents(messages)
      expect(events.map(({ event }) => event)).toEqual(sent)
    }
  })

  test('of a channel that disconnects are cut, and get the rest when they come back', async () => {
    const stage = await createStage(adapter, {
      channels: [defineChannel('news', { slow: 'disconnect' })],
      limits: { outbox: MB / 4 },
    })
    const { body } = await stage.fetch('/sse?channel=news')
    const stream = body?.getReader()
    const names: string[] = []
    let cursor = ''
    const parser = createParser({
      onEvent: ({ event }) => void names.push(event),
      onId: (id) => {
        cursor = id
      },
    })
    while (cursor === '') parser.pushBytes((await stream?.read())?.value ?? new Uint8Array())

    const sent = await publishMany(stage, most)
    await stage.untilEmpty()
    for (let isOver = false; !isOver; ) {
      // A stream that was cut ends with an error.
      const { done = true, value } = (await stream?.read().catch(() => undefined)) ?? {}
      if (value !== undefined) parser.pushBytes(value)
      isOver = done
    }
    expect(names.length).toBeLessThan(most)
    const back = await stage.subscribe(`channel=news&last_event_id=${cursor}`)
    const rest = await back.untilEvents(most - names.length)

    expect([...names, ...rest.map(({ event }) => event)]).toEqual(sent)
    expect(stage.errors).toEqual([])
  })

  test.runIf(adapter.isHttp1)('get everything on a bare socket too', async () => {
    const stage = await createStage(adapter)
    const client = await stage.dial()
    client.socket.write(getUnchunked(`${stage.base}/sse?channel=news`))
    await client.untilText('\nid: ')
    client.socket.pause()

    const sent = await publishMany(stage, messages)
    client.socket.resume()
    const text = await client.untilText(`event: ${sent.at(-1)}\n`)

    expect([...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name)).toEqual(sent)
  })
})

/** Answers the names of the events. */
async function publishMany({ hub }: Stage, messages: number): Promise<string[]> {
  const names = Array.from({ length: messages }, (_, index) => `m${index}`)
  for (const event of names) {
    await hub.publish('news', data, { event })
    // As they come from a network: one after the other, and each is written before the next.
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return names
}
