import { describe, expect, it } from 'vitest'
import { backoffAfter, toJobOptions } from '../../../src/queue/options.ts'
import type { QueueOptions } from '../../../src/queue/port.ts'

describe('the options of a queued listener', () => {
  it('are three attempts, soon and then later, where nothing is said', () => {
    const defaults = { name: 'default', delay: 0, attempts: 3, backoff: [1_000, 5_000] }
    expect(toJobOptions(true)).toEqual(defaults)
    expect(toJobOptions({})).toEqual(defaults)
  })

  it('are what was said', () => {
    const options = { name: 'mail', delay: 10, attempts: 1, backoff: 0 }
    expect(toJobOptions(options)).toEqual({ ...options, backoff: [0] })
  })

  it.each([
    { name: '' },
    { delay: -1 },
    { delay: Number.POSITIVE_INFINITY },
    { attempts: 0 },
    { attempts: 1.5 },
    { backoff: -1 },
    { backoff: [] },
    { backoff: [1_000, Number.NaN] },
    { backoff: '1s' } as unknown as QueueOptions,
    { attempts: '5' } as unknown as QueueOptions,
  ] as QueueOptions[])('are refused: %j', (options) => {
    const [option] = Object.keys(options)
    const error = { code: 'option_invalid', message: expect.stringContaining(`option ${option} must be`) }
    expect(() => toJobOptions(options)).toThrow(expect.objectContaining(error))
  })

  it('wait after each failed run as listed, and then as the last says', () => {
    const options = toJobOptions({ backoff: [10, 20] })
    expect([1, 2, 3, 4].map((attempt) => backoffAfter(attempt, options))).toEqual([10, 20, 20, 20])
  })
})
