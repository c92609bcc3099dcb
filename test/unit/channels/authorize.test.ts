import { describe, expect, expectTypeOf, it, test } from 'vitest'
import type { Authorize, Joining, JoinRequest } from '../../../src/channels/authorize.ts'
import { type ChannelName, type ChannelOptions, defineChannel } from '../../../src/channels/define.ts'
import { defineEvent, type EventOf } from '../../../src/events/define.ts'

/** Compiled, and never run. */
function compiled(_: () => void): void {}

describe('the types of authorize', () => {
  it('are read from the pattern', () => {
    defineChannel('teams.{team}.rooms.{room}', {
      authorize: ({ params, channel, request, signal }) => {
        expectTypeOf(params).toEqualTypeOf<{ readonly team: string; readonly room: string }>()
        expectTypeOf(channel).toEqualTypeOf<string>()
        expectTypeOf(request).toEqualTypeOf<JoinRequest>()
        expectTypeOf(request.raw).toEqualTypeOf<unknown>()
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
        return params.room === '1'
      },
    })
    compiled(() => {
      // @ts-expect-error: no such parameter
      defineChannel('rooms.{room}', { authorize: ({ params }) => params.team === '1' })
      // @ts-expect-error: it has none
      defineChannel('news-*', { authorize: ({ params }) => params.room === '1' })
    })
  })

  it('refuse what is neither yes nor no', () => {
    const user: { readonly rooms: string[] } | undefined = Math.random() > 2 ? { rooms: [] } : undefined
    compiled(() => {
      // @ts-expect-error: a user is no permission
      defineChannel('rooms.{room}', { authorize: () => ({ id: 1 }) })
      // @ts-expect-error: neither is nothing
      defineChannel('rooms.{room}', { authorize: ({ params }) => user?.rooms.includes(params.room) })
      // @ts-expect-error: with undefined, as by a circular import, the channel would be public
      defineChannel('rooms.{room}', { authorize: undefined })
    })
  })

  it('leave the types of the channel as they are', () => {
    const Said = defineEvent<{ text: string }>('Said')
    const rooms = defineChannel('rooms.{room}', { events: [Said], authorize: async () => true })
    expectTypeOf(rooms({ room: 1 })).toEqualTypeOf<ChannelName<EventOf<typeof Said>>>()
    expectTypeOf(rooms.authorize).toEqualTypeOf<Authorize | undefined>()
  })

  it('let one function serve several channels', () => {
    const isMember = async ({ params, channel }: Joining<'{kind}.{id}'>) => channel === params.id
    const isSignedIn: Authorize = ({ request }) => request.header('cookie') !== undefined
    const options: ChannelOptions<never> = { authorize: isSignedIn }
    defineChannel('{kind}.{id}', { authorize: isMember })
    defineChannel('news', { authorize: isSignedIn })
    defineChannel('rooms.{room}', options)
  })
})

test.each([undefined, null, true, false, 'admin', {}])(
  'a channel whose authorize is %j is not declared',
  (authorize) => {
    expect(() => defineChannel('rooms.{room}', { authorize: authorize as never })).toThrow(
      expect.objectContaining({ code: 'option_invalid', message: expect.stringContaining('"rooms.{room}"') }),
    )
  },
)
