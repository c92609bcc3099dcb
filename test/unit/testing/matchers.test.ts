import { describe, expect, it } from 'vitest'
import { defineChannel } from '../../../src/channels/define.ts'
import { defineEvent } from '../../../src/events/define.ts'
import { createEvents } from '../../../src/events/dispatch.ts'
import { fakeEvents } from '../../../src/testing/fake-events.ts'
import { recordEvents } from '../../../src/testing/record-events.ts'
import { testHub } from '../../../src/testing/test-hub.ts'
import { millraceMatchers } from '../../../src/testing/vitest.ts'

expect.extend(millraceMatchers)

const Said = defineEvent<{ text: string; at?: number }>('Said')
const Left = defineEvent<{ name: string }>('Left')
const rooms = defineChannel('rooms.{room}', { events: [Said, Left] })
const room = rooms({ room: '1' })

const hello = () => Said({ text: 'Hello', at: 5 })

describe('the matchers', () => {
  it('of dispatched events match by definition, data and count', async () => {
    const events = fakeEvents()
    await events.dispatch(hello())
    expect(events).toHaveDispatched(Said)
    expect(events).toHaveDispatched(Said, { text: 'Hello' })
    expect(events).toHaveDispatched(Said, { at: expect.any(Number) })
    expect(events).toHaveDispatched(Said, ({ data }) => data.at === 5)
    expect(events).toHaveDispatchedTimes(Said, 1)
    expect(events).not.toHaveDispatched(Said, { text: 'Bye' })
    expect(events).not.toHaveDispatched(Left)
    expect(events).not.toHaveDispatchedTimes(Said, 2)
    expect(() => expect(events).toHaveDispatched(Left, { name: 'Ada' })).toThrow(
      "Expected Left to have been dispatched with { name: 'Ada' }, and it was not. Dispatched:\n  Said { text: 'Hello', at: 5 }",
    )
    expect(() => expect(events).not.toHaveDispatched(Said)).toThrow('Expected Said not to have been dispatched')
    expect(() => expect(events).toHaveDispatchedTimes(Said, 3)).toThrow(
      'Expected Said to have been dispatched 3 times, and it was once.',
    )
  })

  it('take a recording of real events', async () => {
    const events = createEvents()
    const recording = recordEvents(events)
    await events.dispatch(hello())
    expect(recording).toHaveDispatched(Said)
    await events.close()
  })

  it('of queued jobs match by listener and data', async () => {
    const events = fakeEvents()
    events.listen(Said, () => {}, { id: 'push', queue: true })
    await events.dispatch(hello())
    expect(events).toHaveQueued('push')
    expect(events).toHaveQueued('push', { text: 'Hello' })
    expect(events).not.toHaveQueued('mail')
    expect(() => expect(events).toHaveQueued('mail')).toThrow('Expected a job of mail to have been queued')
  })

  it('of a hub and its clients match by channel, definition and data', async () => {
    const hub = testHub({ channels: [rooms] })
    const client = await hub.connect(room)
    expect(client).not.toHaveReceived()
    await hub.publish(room, hello())
    expect(hub).toHavePublished(room)
    expect(hub).toHavePublished(room, Said, { text: 'Hello' })
    expect(hub).toHavePublished(room, { text: 'Hello' })
    expect(hub).not.toHavePublished('rooms.2')
    expect(client).toHaveReceived()
    expect(client).toHaveReceived(Said, { text: 'Hello' })
    expect(client).toHaveReceived({ at: 5 })
    expect(client).not.toHaveReceived(Left)
    expect(() => expect(hub).toHavePublished('rooms.2', Said)).toThrow('Published elsewhere:\n  Said on rooms.1')
    expect(() => expect(client).toHaveReceived(Left)).toThrow(
      "Expected Left to have been received, and it was not. Received:\n  Said { text: 'Hello', at: 5 }",
    )
    expect(() => expect(client).not.toHaveReceived(Said)).toThrow('Expected Said not to have been received')
  })

  it('refuse what has written nothing down', () => {
    expect(() => expect(createEvents()).toHaveDispatched(Said)).toThrow(
      'This matcher looks at what fakeEvents() or recordEvents() gives',
    )
    expect(() => expect(undefined).toHaveReceived()).toThrow('await hub.connect()')
  })
})

describe('a message of what there was', () => {
  it('shows the last of many, and says how many came before', async () => {
    const events = fakeEvents()
    for (let at = 0; at < 25; at++) await events.dispatch(Said({ text: 'x', at }))
    expect(() => expect(events).toHaveDispatched(Left)).toThrow(
      /Dispatched, after 5 others:\n {2}Said \{ text: 'x', at: 5 \}/,
    )
  })
})
