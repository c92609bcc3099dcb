import * as v from 'valibot'
import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import {
  type AnyEventDefinition,
  defineEvent,
  type Event,
  type EventDefinition,
  type EventOf,
} from '../../../src/events/define.ts'
import { createEvents } from '../../../src/events/dispatch.ts'

const Said = defineEvent('Said', z.object({ text: z.string() }))
const Ordered = defineEvent('Ordered', v.object({ total: v.pipe(v.string(), v.transform(Number)) }))
const Opened = defineEvent<{ room: string }>('Opened')
const Restarted = defineEvent('Restarted')

/** Compiled, and never run. */
function compiled(_: () => void): void {}

describe('the types of a definition', () => {
  it('are the name as written, and what goes into the schema and comes out of it', () => {
    expectTypeOf(Said).toEqualTypeOf<EventDefinition<'Said', { text: string }, { text: string }>>()
    expectTypeOf(Ordered).toEqualTypeOf<EventDefinition<'Ordered', { total: string }, { total: number }>>()
    expectTypeOf<EventOf<typeof Ordered>>().toEqualTypeOf<Event<'Ordered', { total: number }>>()
  })

  it('are the type argument alone where there is no schema', () => {
    expectTypeOf(Opened).toEqualTypeOf<EventDefinition<string, { room: string }, { room: string }>>()
    expectTypeOf(defineEvent<string>('Text')).toEqualTypeOf<EventDefinition<string, string, string>>()
    expectTypeOf(Restarted).toEqualTypeOf<EventDefinition<string, void, void>>()
  })

  it('refuse other data', () => {
    compiled(() => {
      Restarted()
      // @ts-expect-error: no data
      Said()
      // @ts-expect-error: no number
      Said({ text: 5 })
      // @ts-expect-error: what goes in is a string
      Ordered({ total: 5 })
      // @ts-expect-error: no such field
      Opened({ room: '1', rom: '1' })
      // @ts-expect-error: it has none
      Restarted(5)
      // @ts-expect-error: an event is frozen
      Said({ text: 'a' }).id = '1'
    })
  })

  it('tell events apart by name, and without schema by data', () => {
    const said: Event<'Said', { text: string }> = Said({ text: 'a' })
    // @ts-expect-error: another name
    const other: Event<'Other', { text: string }> = said
    // @ts-expect-error: other data
    const opened: EventOf<typeof Opened> = said
    // @ts-expect-error: any data is not none
    const restarted: EventOf<typeof Restarted> = said
    void [other, opened, restarted]
  })

  it('fit the type of any definition, by itself and in lists', () => {
    expectTypeOf<typeof Said | typeof Ordered | typeof Opened | typeof Restarted>().toExtend<AnyEventDefinition>()
    expectTypeOf([Said, Ordered, Opened] as const).toExtend<readonly AnyEventDefinition[]>()
    type Data = typeof Ordered extends EventDefinition<infer Name, never, infer Output> ? [Name, Output] : never
    expectTypeOf<Data>().toEqualTypeOf<['Ordered', { total: number }]>()
  })

  it('narrow by is', () => {
    const value: unknown = Said({ text: 'a' })
    if (Said.is(value)) expectTypeOf(value).toEqualTypeOf<Event<'Said', { text: string }>>()
  })
})

describe('the types of a listener', () => {
  const events = createEvents()

  it('are the event of its definition, any of several, or by pattern an event of unknown data', () => {
    compiled(() => {
      events.listen(Ordered, (event, context) => {
        expectTypeOf(event).toEqualTypeOf<Event<'Ordered', { total: number }>>()
        expectTypeOf(context.attempt).toEqualTypeOf<number>()
      })
      events.listen([Said, Ordered], (event) => {
        expectTypeOf(event.name).toEqualTypeOf<'Said' | 'Ordered'>()
        if (event.name === 'Said') expectTypeOf(event.data).toEqualTypeOf<{ text: string }>()
        else expectTypeOf(event.data).toEqualTypeOf<{ total: number }>()
      })
      events.listen('Order*', (event) => expectTypeOf(event).toEqualTypeOf<Event>())
      events.listen(Said, async () => 'what a publish answers')
      events.listen(Said, () => [].push())
      events.listen(Said, (event: Event) => event)
    })
  })

  it('refuse a listener for other data', () => {
    compiled(() => {
      // @ts-expect-error: the schema makes a number of it
      events.listen(Ordered, ({ data }: { data: { total: string } }) => data)
      // @ts-expect-error: no such field
      events.listen(Opened, ({ data }) => data.rom)
      // @ts-expect-error: it may be the other event
      events.listen([Said, Ordered], ({ data }) => data.text)
      // @ts-expect-error: by pattern the data is unknown
      events.listen('*', ({ data }) => data.text)
    })
  })

  it('ask for an id where there is a queue, and for no end after one event', () => {
    compiled(() => {
      events.listen(Said, () => {}, { id: 'a', queue: true })
      events.listen(Said, () => {}, { id: 'a', queue: { attempts: 5, backoff: [1_000, 5_000] } })
      // @ts-expect-error: no id
      events.listen(Said, () => {}, { queue: true })
      // @ts-expect-error: no once
      events.listen(Said, () => {}, { id: 'a', queue: true, once: true })
      // @ts-expect-error: no such option
      events.listen(Said, () => {}, { id: 'a', queue: { retries: 5 } })
    })
  })

  it('let only events be dispatched', () => {
    compiled(() => {
      void events.dispatch(Said({ text: 'a' }))
      // @ts-expect-error: the definition, not an event of it
      void events.dispatch(Said)
      // @ts-expect-error: no event
      void events.dispatch({ name: 'Said' })
    })
  })
})

describe('the types of a queued listener', () => {
  it('are its event and what its run needs, also in its options', () => {
    compiled(() => {
      const events = createEvents()
      events.listen(
        Said,
        ({ data }, { event, attempt, signal, retry, fail }) => {
          expectTypeOf(data).toEqualTypeOf<{ text: string }>()
          expectTypeOf(event.data).toEqualTypeOf<{ text: string }>()
          expectTypeOf(attempt).toEqualTypeOf<number>()
          expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
          if (attempt === 2) return fail('no')
          return retry(5)
        },
        {
          id: 'a',
          queue: {
            when: ({ data }) => data.text !== '',
            unique: ({ data }) => data.text,
            retryUntil: ({ at }) => at + 5,
          },
          onFailed: ({ data }, error) => {
            expectTypeOf(data).toEqualTypeOf<{ text: string }>()
            expectTypeOf(error).toEqualTypeOf<unknown>()
          },
        },
      )
      events.listen(
        [Said, Ordered],
        ({ data }, { signal }) => {
          expectTypeOf(data).toEqualTypeOf<{ text: string } | { total: number }>()
          expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
        },
        { id: 'b', queue: true },
      )
      // @ts-expect-error: an inline listener has no signal
      events.listen(Said, (_, { signal }) => signal)
      // @ts-expect-error: a queued one has an id
      events.listen(Said, () => {}, { queue: true })
      // @ts-expect-error: an inline one fails in its dispatch
      events.listen(Said, () => {}, { id: 'c', onFailed: () => {} })
    })
  })

  it('are what buffer gives back', () => {
    compiled(() => {
      const events = createEvents()
      expectTypeOf(events.buffer(async () => 5)).toEqualTypeOf<Promise<number>>()
      expectTypeOf(events.buffer(() => 'a')).toEqualTypeOf<Promise<string>>()
    })
  })
})
