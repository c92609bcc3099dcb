import { expect, test, vi } from 'vitest'
import { defineEvent } from '../../../src/events/define.ts'
import { outbox } from '../../../src/outbox/outbox.ts'

const Placed = defineEvent<unknown>('Placed')

test('the statement has one value, once, and nothing that other libraries take for a value of theirs', async () => {
  const query = vi.fn(async (_text: string, _values: unknown[]) => undefined)

  await outbox({ query }).dispatchAll([Placed(1), Placed('two')])

  const [text = '', values] = query.mock.calls[0] ?? []
  expect(query).toHaveBeenCalledOnce()
  expect(text.match(/\$\d/g)).toEqual(['$1'])
  expect(text).not.toMatch(/\?|@|(?<!:):\w/)
  expect(JSON.parse(String(values?.[0])).map(({ data }: { data: unknown }) => data)).toEqual([1, 'two'])
})

test('a client may be a function', async () => {
  const client = vi.fn(async () => undefined)

  await outbox(client).dispatch(Placed(1))

  expect(client).toHaveBeenCalledWith(expect.stringContaining('millrace_outbox'), [expect.any(String)])
})

test('no events are no statement', async () => {
  const client = vi.fn(async () => undefined)

  await outbox(client).dispatchAll([])

  expect(client).not.toHaveBeenCalled()
})

test('what the client throws is thrown as it is: it is the business of the transaction', async () => {
  const error = Object.assign(new Error('could not serialize'), { code: '40001' })

  await expect(outbox(() => Promise.reject(error)).dispatch(Placed(1))).rejects.toBe(error)
})
