import { describe, expect, test } from 'vitest'
import { MillraceError } from '../../../src/base/errors.ts'
import { defineEvent } from '../../../src/events/define.ts'
import { createEvents } from '../../../src/events/dispatch.ts'
import { toStored } from '../../../src/events/stored.ts'
import { faultOf } from '../../../src/outbox/fault.ts'

const Placed = defineEvent<unknown>('Placed')

/** What a dispatch rejects with whose listeners throw these. */
async function dispatchFailure(...thrown: readonly unknown[]): Promise<unknown> {
  const events = createEvents()
  for (const error of thrown) events.listen(Placed, () => Promise.reject(error))
  return events.dispatchStored(toStored(Placed(1), 'kept')).catch((error: unknown) => error)
}

const away = new MillraceError('broker_unavailable', 'Redis is away.')
const unfit = new MillraceError('event_undeclared', 'The channel does not carry it.')

describe('the failure of a dispatch', () => {
  test.each([
    ['failed', [new Error('no')]],
    ['failed', ['a string']],
    ['failed', [unfit]],
    ['failed', [away, new Error('no')]],
    ['away', [away]],
    ['away', [away, new MillraceError('queue_full', 'The queue is full.')]],
  ])('is %s where listeners threw %j', async (fault, thrown) => {
    expect(faultOf(await dispatchFailure(...thrown))).toBe(fault)
  })

  test.each([
    ['misfit', new MillraceError('data_invalid', 'It does not fit.')],
    ['misfit', new MillraceError('job_invalid', 'It is no event.')],
    ['closed', new MillraceError('events_closed', 'They are closed.')],
    ['failed', new Error('a fault of ours')],
  ])('is %s where the dispatch itself threw %s', (fault, error) => {
    expect(faultOf(error)).toBe(fault)
  })
})
