import { expect, test } from 'vitest'
import { sampleFor, toFields } from '../../../src/generate/fields.ts'

test.for([
  [
    "defineEvent('A', z.object({ room: z.string(), total: z.number(), paid: z.boolean() }))",
    "{ room: 'room-1', total: 1, paid: true }",
  ],
  ["defineEvent('A', v.object({ message: v.string() }))", "{ message: 'Hello' }"],
  ["defineEvent('A', type({ message: 'string', n: \"number\" }))", "{ message: 'Hello', n: 1 }"],
  ["defineEvent<{ room: string; total?: number }>('A')", "{ room: 'room-1' }"],
  ["defineEvent<{\n  // Where\n  readonly room: string\n  total: number\n}>('A')", "{ room: 'room-1', total: 1 }"],
  ["defineEvent<string>('A')", "'Hello'"],
  ["defineEvent('A')", ''],
  ["defineEvent('A', z.object({ a: z.string().optional(), b: z.number() }),\n)", '{ b: 1 }'],
  ["defineEvent('A', z.object({ id: z.uuid() }))", undefined],
  ["defineEvent('A', z.object({ a: z.string() }).refine(check))", undefined],
  ["defineEvent('A', z.object({ a: z.string().min(9) }))", undefined],
  ["defineEvent('A', schema)", undefined],
  ["defineEvent<Order>('A')", undefined],
  ["defineEvent<{ a: string } & B>('A')", undefined],
  ["defineEvent<{ a: string[] }>('A')", undefined],
])('%s takes %s', ([call = '', sample]) => {
  expect(sampleFor(call)).toBe(sample)
})

test('fields are typed as a name, or a name and a type', () => {
  expect(toFields(['room', 'total:number', 'paid:boolean'])).toEqual([
    { name: 'room', type: 'string' },
    { name: 'total', type: 'number' },
    { name: 'paid', type: 'boolean' },
  ])
  for (const wrong of ['1a', 'a:date', 'a b', ':string']) expect(() => toFields([wrong])).toThrow('NAME:TYPE')
})
