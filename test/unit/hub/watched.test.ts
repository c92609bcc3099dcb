import { channel, tracingChannel } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHub, defineChannel, defineEvent, type Hub, memory } from '../../../src/index.ts'
import { faultyBroker } from '../../support/faulty-broker.ts'
import { settle } from '../../support/listener.ts'
import { turn } from '../../support/manual-clock.ts'
import { join } from '../../support/reader.ts'

const Said = defineEvent<{ text: string }>('Said')
const rooms = defineChannel('rooms.{room}')
const news = defineChannel('news', { history: 0 })

const told: [channel: string, message: object][] = []
const publishing = tracingChannel('millrace.publish')
const deliver = channel('millrace.deliver')
const note = (step: string) => (message: object) => void told.push([step, { ...message }])
const steps = {
  start: note('start'),
  end: note('end'),
  asyncStart: note('asyncStart'),
  asyncEnd: note('asyncEnd'),
  error: note('error'),
}
const onDeliver = (message: unknown) => note('deliver')(message as object)

let hub: Hub

beforeEach(() => {
  hub = createHub({ channels: [rooms, news, defineChannel('*')] })
  told.length = 0
  publishing.subscribe(steps)
  deliver.subscribe(onDeliver)
})

afterEach(async () => {
  publishing.unsubscribe(steps)
  deliver.unsubscribe(onDeliver)
  await hub.close()
})

describe('diagnostics_channel', () => {
  test('is told of a publish, and of its delivery to all who are live', async () => {
    for (const names of [['rooms.1'], ['rooms.1', 'rooms.2'], ['rooms.2'], ['news']])
      await join(hub, { channels: names })
    const position = await hub.publish(['rooms.1', 'rooms.2', 'rooms.3', 'news'], Said({ text: 'secret' }), {
      key: 'k',
      id: 'i',
    })
    await turn()

    const channels = ['rooms.1', 'rooms.2', 'rooms.3', 'news']
    const message = { channels, patterns: ['rooms.{room}', 'news'], event: 'Said' }
    expect(told).toEqual([
      ['start', message],
      ['end', message],
      ['asyncStart', { ...message, result: position }],
      ['asyncEnd', { ...message, result: position }],
      [
        'deliver',
        {
          position,
          channels: ['rooms.1', 'rooms.2', 'news'],
          patterns: ['rooms.{room}', 'news'],
          event: 'Said',
          subscribers: 4,
          at: expect.any(Number),
          duration: expect.any(Number),
          trace: undefined,
        },
      ],
    ])
    expect(JSON.stringify(told)).not.toContain('secret')
  })

  test('is told of each message of several, and of the error of one that fails', async () => {
    await join(hub, { channels: ['news'] })
    const broker = memory()
    const closed = createHub({ channels: [news], broker })
    await broker.close()
    await hub.publishAll([
      { channel: 'news', message: 1 },
      { channel: 'news', message: 2 },
    ])
    await turn()
    expect(told.filter(([step]) => step === 'asyncEnd')).toHaveLength(2)
    expect(told.filter(([step]) => step === 'deliver').map(([, message]) => message)).toMatchObject([
      { position: null, subscribers: 1 },
      { position: null, subscribers: 1 },
    ])

    told.length = 0
    await expect(closed.publish('news', 1)).rejects.toMatchObject({ code: 'broker_closed' })
    expect(told.map(([step]) => step)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    expect(told[2]?.[1]).toMatchObject({ patterns: ['news'], error: { code: 'broker_closed' } })
    await closed.close()
  })

  test('is told nothing of a message that nobody here is live for, nor of one that was refused', async () => {
    await join(hub, { channels: ['news'] })
    await hub.publish('rooms.1', 1)
    await turn()
    expect(told.filter(([step]) => step === 'deliver')).toEqual([])

    told.length = 0
    await expect(hub.publish('a b', 1)).rejects.toMatchObject({ code: 'channel_invalid' })
    expect(told).toEqual([])
  })

  test('is told of a message whose announcement was lost when that is mended', async () => {
    const broker = faultyBroker(memory())
    const mending = createHub({ channels: [rooms], broker })
    const reader = await join(mending, { channels: ['rooms.1'] })
    await mending.publish(rooms({ room: '1' }), 'first')
    await settle(() => reader.data.length === 1)
    broker.lose(1)
    const lost = await mending.publish(rooms({ room: '1' }), 'lost')
    const next = await mending.publish(rooms({ room: '1' }), 'next')
    await settle(() => reader.data.length === 3)
    const delivered = told.filter(([step]) => step === 'deliver').slice(1)
    expect(delivered.map(([, message]) => message)).toMatchObject([
      { position: lost, channels: ['rooms.1'], patterns: ['rooms.{room}'], subscribers: 1 },
      { position: next, subscribers: 1 },
    ])
    await mending.close()
  })

  test('is told of a delivery once the last of many readers has been written to', async () => {
    const many = createHub({ channels: [defineChannel('crowd')], limits: { slice: 10 } })
    const readers = await Promise.all(Array.from({ length: 35 }, () => join(many, { channels: ['crowd'] })))
    let missing: number | undefined
    const count = () => {
      missing = readers.filter(({ data }) => data.length < 1).length
    }
    deliver.subscribe(count)
    await many.publish('crowd', 1)
    for (let turns = 0; missing === undefined && turns < 100; turns++) await turn()
    deliver.unsubscribe(count)
    expect(missing).toBe(0)
    expect(told.filter(([step]) => step === 'deliver').map(([, message]) => message)).toMatchObject([
      { subscribers: 35 },
    ])
    await many.close()
  })
})
