import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineEvent, isEvent } from '../../../src/events/define.ts'

const NewMessage = defineEvent('NewMessage', z.object({ room: z.string(), message: z.string() }))

describe('an event', () => {
  it('has its name and data, an id of its own and the time it was made', () => {
    const before = Date.now()
    const event = NewMessage({ room: '1', message: 'Hello' })
    expect(event).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'NewMessage',
      data: { room: '1', message: 'Hello' },
      at: expect.any(Number),
    })
    expect(event.at).toBeGreaterThanOrEqual(before)
    expect(event.at).toBeLessThanOrEqual(Date.now())
    expect(NewMessage(event.data).id).not.toBe(event.id)
  })

  it('cannot be changed, though its data is left as it is', () => {
    const data = { room: '1' }
    const event = defineEvent<typeof data>('Opened')(data)
    expect(Object.isFrozen(event)).toBe(true)
    expect(event.data).toBe(data)
    expect(Object.isFrozen(data)).toBe(false)
  })

  it('is plain JSON to whoever writes it', () => {
    expect(Object.keys(JSON.parse(JSON.stringify(NewMessage({ room: '1', message: 'Hello' }))))).toEqual([
      'id',
      'name',
      'data',
      'at',
    ])
  })

  it('is known as one, but no look-alike is and no copy', () => {
    const event = NewMessage({ room: '1', message: 'Hello' })
    expect(isEvent(event)).toBe(true)
    for (const other of [{ ...event }, JSON.parse(JSON.stringify(event)), structuredClone(event)]) {
      expect(other).toEqual(event)
      expect(isEvent(other)).toBe(false)
    }
    for (const other of [null, undefined, 'NewMessage', 1, {}, NewMessage]) expect(isEvent(other)).toBe(false)
  })

  it('is known to a second copy of the package', () => {
    const foreign = Object.defineProperty({ name: 'NewMessage' }, Symbol.for('millrace.event'), { value: true })
    expect(isEvent(foreign)).toBe(true)
    expect(NewMessage.is(foreign)).toBe(true)
  })
})

describe('a definition', () => {
  it('has its name and schema', () => {
    const schema = z.string()
    const Named = defineEvent('Named', schema)
    expect(Named.name).toBe('Named')
    expect(Named.schema).toBe(schema)
    expect(defineEvent<string>('Unchecked').schema).toBeUndefined()
  })

  it('knows the events of its name', () => {
    expect(NewMessage.is(NewMessage({ room: '1', message: 'Hello' }))).toBe(true)
    expect(NewMessage.is(defineEvent('Other')())).toBe(false)
    expect(NewMessage.is({ name: 'NewMessage' })).toBe(false)
  })

  it('without schema takes the data as it is, and without data makes an event of nothing', () => {
    const data = { room: '1' }
    expect(defineEvent<{ room: string }>('Opened')(data).data).toBe(data)
    expect(defineEvent('Restarted')().data).toBeUndefined()
  })

  it('with a zod schema carries what the schema makes of the data', () => {
    const Ordered = defineEvent(
      'Ordered',
      z.object({ total: z.string().transform(Number), note: z.string().default('') }),
    )
    expect(Ordered({ total: '12' }).data).toEqual({ total: 12, note: '' })
  })

  it('with a valibot schema carries what the schema makes of the data', () => {
    const Ordered = defineEvent('Ordered', v.object({ total: v.pipe(v.string(), v.transform(Number)) }))
    expect(Ordered({ total: '12' }).data).toEqual({ total: 12 })
  })

  it.each([
    ['zod', defineEvent('Said', z.object({ by: z.object({ name: z.string() }) }))],
    ['valibot', defineEvent('Said', v.object({ by: v.object({ name: v.string() }) }))],
  ])('refuses data that does not fit its %s schema, and says where', (_, Said) => {
    // @ts-expect-error: the name is no number
    const make = () => Said({ by: { name: 5 } })
    expect(make).toThrow(
      expect.objectContaining({
        code: 'data_invalid',
        message: expect.stringMatching(/event "Said".*by\.name: /),
        data: { issues: [{ path: 'by.name', message: expect.any(String) }] },
      }),
    )
  })

  it('refuses a schema that answers later', () => {
    const Later = defineEvent(
      'Later',
      v.pipeAsync(
        v.string(),
        v.checkAsync(async () => true),
      ),
    )
    expect(() => Later('x')).toThrow(expect.objectContaining({ code: 'schema_asynchronous' }))
  })
})

describe('the name of an event', () => {
  it.each(['a', 'NewMessage', 'order.placed', 'Commande passée', 'message', 'opened', 'x'.repeat(200)])(
    'may be %j',
    (name) => {
      expect(defineEvent(name).name).toBe(name)
    },
  )

  it.each([
    '',
    'x'.repeat(201),
    'two\nlines',
    'two\rlines',
    'nul\0',
    'tab\t',
    'bell\u0007',
    'next\u0085line',
    'line\u2028separator',
    'millrace:gap',
    'millrace:',
    'open',
    'error',
    5 as unknown as string,
    undefined as unknown as string,
  ])('may not be %j', (name) => {
    expect(() => defineEvent(name)).toThrow(expect.objectContaining({ code: 'event_invalid' }))
    expect(() => defineEvent(name, z.string())).toThrow(expect.objectContaining({ code: 'event_invalid' }))
  })
})
