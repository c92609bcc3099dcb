import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineEvent, isEvent } from '../../../src/events/define.ts'
import { fromStored, toStored } from '../../../src/events/stored.ts'

const Anything = defineEvent<unknown>('Anything')
const store = (data: unknown) => toStored(Anything(data), 'kept')

class Money {
  readonly amount = 1
}

describe('an event as it is kept', () => {
  it('is its fields, and nothing else', () => {
    const data = { text: 'Hello', list: [1, null, { yes: true }], missing: undefined }
    const event = Anything(data)
    expect(toStored(event, 'kept')).toStrictEqual({ id: event.id, name: 'Anything', at: event.at, data })
  })

  it('takes any JSON, and comes back from JSON as it went', async () => {
    const takes = fc.asyncProperty(fc.jsonValue(), async (value) => {
      // -0 is the one number that JSON does not keep apart.
      const stored = store(JSON.parse(JSON.stringify(value)))
      expect(JSON.parse(JSON.stringify(stored))).toEqual(stored)
    })
    await fc.assert(takes)
  })

  it('takes an event without data, and plain objects of another realm or without prototype', () => {
    const bare: Record<string, unknown> = Object.create(null)
    bare.list = runInNewContext('[{ a: 1 }]')
    expect(() => store(undefined)).not.toThrow()
    expect(() => store(bare)).not.toThrow()
  })

  it('may hold one object in two places', () => {
    const shared = { a: 1 }
    expect(() => store([shared, shared])).not.toThrow()
  })

  const circle: Record<string, unknown> = {}
  circle.again = { circle }
  it.each([
    [{ at: new Date(0) }, 'data.at', 'a Date'],
    [{ list: [1, new Map()] }, 'data.list[1]', 'a Map'],
    [new Money(), 'data', 'a Money'],
    [10n, 'data', 'a bigint'],
    [Symbol('s'), 'data', 'a symbol'],
    [{ run() {} }, 'data.run', 'a function'],
    [[undefined], 'data[0]', 'undefined'],
    [{ ratio: Number.NaN }, 'data.ratio', 'NaN'],
    [circle, 'data.again.circle', 'a part of itself'],
  ])('refuses what JSON would change: %o', (data, path, what) => {
    const error = { code: 'job_invalid', data: { path }, message: expect.stringContaining(`${path} is ${what}`) }
    expect(() => store(data)).toThrow(expect.objectContaining(error))
  })

  const at = '2026-01-02T03:04:05.000Z'
  const Dated = defineEvent('Dated', z.object({ at: z.string().transform((text) => new Date(text)) }))
  const Priced = defineEvent('Priced', z.object({ total: z.string().transform(Number) }))
  const Named = defineEvent('Named', z.object({ id: z.string().default(() => globalThis.crypto.randomUUID()) }))
  const Text = defineEvent(
    'Text',
    z.date().transform((date) => date.toISOString()),
  )

  it('is made again by its schema of what went in, where the schema made something else of that', () => {
    const event = Dated({ at })
    const stored = toStored(event, 'kept')
    expect(stored).toEqual({ id: event.id, name: 'Dated', at: event.at, input: { at } })
    const made = fromStored(JSON.parse(JSON.stringify(stored)), Dated.schema)
    expect(made).toEqual(event)
    expect(isEvent(made) && Dated.is(made)).toBe(true)
    expect(toStored(made, 'kept')).toEqual(stored)
  })

  it('has its data too, where that is JSON, for those who know no schema', () => {
    const stored = toStored(Priced({ total: '12.5' }), 'kept')
    expect(stored).toMatchObject({ input: { total: '12.5' }, data: { total: 12.5 } })
    expect(fromStored(stored, Priced.schema).data).toEqual({ total: 12.5 })
    expect(fromStored(stored, undefined).data).toEqual({ total: 12.5 })
  })

  it('keeps what a default made up', () => {
    const event = Named({})
    expect(fromStored(toStored(event, 'kept'), Named.schema)).toEqual(event)
  })

  it('is not checked again where the schema does not take what it gave, and what went in is not JSON', () => {
    const stored = toStored(Text(new Date(at)), 'kept')
    expect(stored).toMatchObject({ data: at, unchecked: true })
    expect(fromStored(stored, Text.schema).data).toBe(at)
  })

  it('is refused where neither its data nor what went in is JSON', () => {
    const Both = defineEvent('Both', z.object({ at: z.date() }))
    expect(() => toStored(Both({ at: new Date() }), 'kept')).toThrow(expect.objectContaining({ code: 'job_invalid' }))
  })

  it('is no event where its data does not fit the schema of today', () => {
    const stored = toStored(Priced({ total: '12.5' }), 'kept')
    const Today = defineEvent('Priced', z.object({ total: z.string(), currency: z.string() }))
    expect(() => fromStored(stored, Today.schema)).toThrow(
      expect.objectContaining({
        code: 'data_invalid',
        data: { issues: [expect.objectContaining({ path: 'currency' })] },
      }),
    )
  })

  it('is no event where only its input was kept, for those who know no schema', () => {
    const stored = toStored(Dated({ at }), 'kept')
    expect(() => fromStored(stored, undefined)).toThrow(expect.objectContaining({ code: 'job_invalid' }))
  })
})
