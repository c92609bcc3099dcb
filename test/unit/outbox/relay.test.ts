import { expect, test } from 'vitest'
import { createEvents } from '../../../src/events/dispatch.ts'
import { relayOutbox } from '../../../src/outbox/relay.ts'

const pool = { connect: () => Promise.reject(new Error('away')) }

test.each([
  { attempts: 0 },
  { attempts: 1.5 },
  { backoff: -1 },
  { backoff: [] },
  { backoff: [1, Number.NaN] },
  { poll: 0 },
  { poll: Number.POSITIVE_INFINITY },
  { batch: 0 },
  { table: '' },
])('a relay with %j is refused', (options) => {
  expect(() => relayOutbox({ pool, events: createEvents(), ...options })).toThrow(
    expect.objectContaining({ code: 'option_invalid' }),
  )
})
