import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { defineChannel } from '../../../src/channels/define.ts'
import { defineEvent, type Event } from '../../../src/events/define.ts'
import { fakeEvents } from '../../../src/testing/fake-events.ts'
import type { Message } from '../../../src/testing/message.ts'
import { recordEvents } from '../../../src/testing/record-events.ts'
import { testHub } from '../../../src/testing/test-hub.ts'
import type {} from '../../../src/testing/vitest.ts'

const Said = defineEvent('Said', z.object({ text: z.string(), tags: z.array(z.string()).optional() }))
const Left = defineEvent('Left', z.object({ name: z.string() }))
const Priced = defineEvent('Priced', z.object({ total: z.string().transform(Number) }))
const rooms = defineChannel('rooms.{room}', { events: [Said] })
const users = defineChannel('users.{user}', { events: [Left] })
const news = defineChannel('news')

describe('what was dispatched', () => {
  const events = fakeEvents()

  it('has the type of its definition', () => {
    expectTypeOf(events.dispatched(Priced)).toEqualTypeOf<readonly Event<'Priced', { total: number }>[]>()
    expectTypeOf(events.dispatched()).toEqualTypeOf<readonly Event[]>()
    expectTypeOf(recordEvents(events).dispatched(Left)).toEqualTypeOf<readonly Event<'Left', { name: string }>[]>()
  })

  it('is looked for by what can be in its data', () => {
    events.assertDispatched(Said, { text: 'Hello' })
    events.assertDispatched(Said, { tags: ['a'] })
    events.assertDispatched(Said, {})
    events.assertDispatched(Said, { text: expect.any(String) })
    events.assertDispatched(Priced, ({ data }) => data.total > 5)
    // @ts-expect-error: no such member
    events.assertDispatched(Said, { txt: 'Hello' })
    // @ts-expect-error: what comes out of the schema is a number
    events.assertDispatched(Priced, { total: '5' })
    // @ts-expect-error: a test answers with a boolean
    events.assertDispatched(Said, ({ data }) => data.text)
    // @ts-expect-error: no definition
    events.assertDispatched('Said')
  })

  it('is looked for by matchers in the same way', () => {
    expect(events).toHaveDispatched(Said, { text: 'Hello' })
    expect(events).not.toHaveDispatchedTimes(Said, 2)
    // @ts-expect-error: no such member
    expect(events).toHaveDispatched(Said, { txt: 'Hello' })
    // @ts-expect-error: how often
    expect(events).toHaveDispatchedTimes(Said)
  })
})

describe('what a client receives', () => {
  const hub = testHub({ channels: [rooms, users, news] })

  it('has the types of the events that its channels declare', async () => {
    const client = await hub.connect(rooms({ room: '1' }))
    const message = await client.next()
    expectTypeOf(message.event).toEqualTypeOf<'Said'>()
    expectTypeOf(message.data.text).toEqualTypeOf<string>()
    expectTypeOf((await client.next(Left)).data).toEqualTypeOf<{ name: string }>()

    const both = await hub.connect([rooms({ room: '1' }), users({ user: 'ada' })])
    const one = await both.next()
    expectTypeOf(one.event).toEqualTypeOf<'Said' | 'Left'>()
    if (one.event === 'Left') expectTypeOf(one.data).toEqualTypeOf<{ name: string }>()
  })

  it('has no type where its channels declare none, or their names are but strings', async () => {
    expectTypeOf((await hub.connect(news())).messages).toEqualTypeOf<readonly Message[]>()
    expectTypeOf((await hub.connect('rooms.1')).messages).toEqualTypeOf<readonly Message[]>()
  })

  it('is looked for by what can be in its data', async () => {
    const client = await hub.connect(rooms({ room: '1' }))
    client.assertReceived(Said, { text: 'Hello' })
    client.assertReceived({ text: 'Hello' })
    client.assertReceived(({ event }) => event === 'Said')
    expect(client).toHaveReceived(Said, { text: 'Hello' })
    // @ts-expect-error: no such member
    client.assertReceived(Said, { txt: 'Hello' })
    // @ts-expect-error: no such member
    expect(client).toHaveReceived(Said, { txt: 'Hello' })
  })
})

describe('what was published', () => {
  const hub = testHub({ channels: [rooms, users, news] })

  it('has the type of its definition, or of what its channel declares', () => {
    expectTypeOf(hub.published('users.ada', Left)[0]?.data).toEqualTypeOf<{ name: string } | undefined>()
    expectTypeOf(hub.published(rooms({ room: '1' }))[0]?.event).toEqualTypeOf<'Said' | undefined>()
    expectTypeOf(hub.published(news())[0]?.data).toEqualTypeOf<unknown>()
    expect(hub).toHavePublished('users.ada', Left, { name: 'Ada' })
    // @ts-expect-error: no such member
    expect(hub).toHavePublished('users.ada', Left, { nam: 'Ada' })
  })

  it('is still published as a hub has it', () => {
    const publish = () => {
      // @ts-expect-error: the channel does not carry it
      void hub.publish(rooms({ room: '1' }), Left({ name: 'Ada' }))
    }
    expectTypeOf(publish).returns.toBeVoid()
  })
})
