import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromEntryId, fromQueueName, toEntryId, toQueueName } from '../../../src/queue/bullmq/names.ts'

test('names and ids come back as they were, and have no colon in BullMQ', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('%', ':', '2', '5', '3', 'A', '#', '/', 'ü') }), (text) => {
      expect(fromQueueName(toQueueName(text))).toBe(text)
      expect(fromEntryId(toEntryId(text))).toBe(text)
      expect(toQueueName(text) + toEntryId(text)).not.toContain(':')
    }),
  )
})

test('no id is that of a key of the queue, or a number', () => {
  for (const id of ['wait', 'meta', '0', '17']) expect(toEntryId(id)).toBe(`#${id}`)
})
