import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toJob } from '../../../src/queue/job.ts'

const event = (data: unknown) => ({ id: 'e1', name: 'NewMessage', data, at: 5 })

class Money {
  readonly amount = 1
}

describe('a job', () => {
  it('is one event for one listener, and nothing but its fields', () => {
    const data = { text: 'Hello', list: [1, null, { yes: true }], missing: undefined }
    expect(toJob({ ...event(data), ...{ more: 1 } }, 'send-push')).toStrictEqual({
      id: 'e1/send-push',
      listener: 'send-push',
      event: { id: 'e1', name: 'NewMessage', data, at: 5 },
    })
  })

  it('takes any JSON, and comes back from JSON as it went', async () => {
    const takes = fc.asyncProperty(fc.jsonValue(), async (value) => {
      // -0 is the one number that JSON does not keep apart.
      const job = toJob(event(JSON.parse(JSON.stringify(value))), 'a')
      expect(JSON.parse(JSON.stringify(job))).toEqual(job)
    })
    await fc.assert(takes)
  })

  it('takes an event without data, and plain objects of another realm or without prototype', () => {
    const bare: Record<string, unknown> = Object.create(null)
    bare.list = runInNewContext('[{ a: 1 }]')
    expect(() => toJob(event(undefined), 'a')).not.toThrow()
    expect(() => toJob(event(bare), 'a')).not.toThrow()
  })

  it('may hold one object in two places', () => {
    const shared = { a: 1 }
    expect(() => toJob(event([shared, shared]), 'a')).not.toThrow()
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
    expect(() => toJob(event(data), 'send-push')).toThrow(expect.objectContaining(error))
  })
})
