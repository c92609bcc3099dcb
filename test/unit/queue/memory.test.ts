import { describe, expect, it, vi } from 'vitest'
import type { Job } from '../../../src/queue/job.ts'
import { memoryQueue } from '../../../src/queue/memory.ts'
import type { JobHandler, Outcome } from '../../../src/queue/port.ts'
import { ManualClock, turn } from '../../support/manual-clock.ts'

const done: Outcome = { kind: 'done' }
const failure = (error: unknown): Outcome => ({ kind: 'failed', error, attempts: 1 })
const day = 24 * 60 * 60 * 1_000

function jobOf(id: string, delay = 0): Job {
  const event = { id: 'event', name: 'NewMessage', data: 1, at: 2 }
  return { id, queue: 'default', listener: 'send-push', event, delay, attempts: 1, backoff: [0] }
}

function handlerOf(run: JobHandler['run'] = async () => done) {
  return { run: vi.fn(run), failed: vi.fn<JobHandler['failed']>() }
}

describe('the memory queue', () => {
  it('lets sockets have their say between two rounds of jobs', async () => {
    const queue = memoryQueue()
    const handler = handlerOf()
    queue.work('default', handler, { concurrency: 1 })
    for (const id of ['a', 'b', 'c']) await queue.add(jobOf(id))
    await turn()
    expect(handler.run).toHaveBeenCalledTimes(1)
    await turn()
    expect(handler.run).toHaveBeenCalledTimes(2)
    await queue.close()
  })

  it('refuses a job past its limit, and takes one again when another is done', async () => {
    const queue = memoryQueue({ limit: 1 })
    queue.work('default', handlerOf(), { concurrency: 1 })
    await queue.add(jobOf('a'))
    await expect(queue.add(jobOf('b'))).rejects.toMatchObject({ code: 'queue_full', data: { limit: 1 } })
    await turn()
    await queue.add(jobOf('b'))
    await queue.close()
  })

  it('runs the jobs that are due when it is closed', async () => {
    const queue = memoryQueue()
    const handler = handlerOf()
    queue.work('default', handler, { concurrency: 1 })
    for (const id of ['a', 'b', 'c']) await queue.add(jobOf(id))
    await queue.close()
    expect(handler.run.mock.calls.map(([job]) => job.id)).toEqual(['a', 'b', 'c'])
    expect(handler.failed).not.toHaveBeenCalled()
  })

  it('tells of the jobs that are still delayed when it is closed, and leaves no timer', async () => {
    const clock = new ManualClock()
    const queue = memoryQueue({ clock })
    const handler = handlerOf()
    queue.work('default', handler, { concurrency: 1 })
    await queue.add(jobOf('a', 1_000))
    await queue.close()
    expect(handler.run).not.toHaveBeenCalled()
    expect(handler.failed).toHaveBeenCalledExactlyOnceWith(
      jobOf('a', 1_000),
      expect.objectContaining({ code: 'queue_closed' }),
      0,
    )
    expect(clock.timers).toBe(0)
  })

  it('tells of a job that fails while it closes and would be tried again later, with what it failed with', async () => {
    const clock = new ManualClock()
    const queue = memoryQueue({ clock })
    const boom = new Error('boom')
    const handler = handlerOf(async () => ({ kind: 'retry', after: 1_000, error: boom }))
    queue.work('default', handler, { concurrency: 1 })
    await queue.add(jobOf('a'))
    await queue.close()
    expect(handler.failed).toHaveBeenCalledExactlyOnceWith(
      jobOf('a'),
      expect.objectContaining({ code: 'queue_closed', cause: boom }),
      1,
    )
    expect(clock.timers).toBe(0)
  })

  it('tells onError of jobs that nobody has worked on when it is closed', async () => {
    const onError = vi.fn()
    const clock = new ManualClock()
    const queue = memoryQueue({ clock, onError })
    await queue.add(jobOf('a'))
    await queue.add(jobOf('b', 5))
    await queue.close()
    const jobs = onError.mock.calls.map(([error]) => [error.code, error.data.job])
    expect(jobs.sort()).toEqual([
      ['queue_closed', 'a'],
      ['queue_closed', 'b'],
    ])
  })

  it('tells onError of what failed throws, and goes on', async () => {
    const onError = vi.fn()
    const queue = memoryQueue({ onError })
    const thrown = new Error('in failed')
    const run = vi.fn(async () => failure(new Error('boom')))
    const failed = () => {
      throw thrown
    }
    queue.work('default', { run, failed }, { concurrency: 1 })
    await queue.add(jobOf('a'))
    await queue.add(jobOf('b'))
    await queue.close()
    expect(run).toHaveBeenCalledTimes(2)
    expect(onError.mock.calls).toEqual([[thrown], [thrown]])
  })

  it('keeps the latest failed jobs, as many as it is told', async () => {
    const queue = memoryQueue({ failedLimit: 2 })
    queue.work(
      'default',
      handlerOf(async () => failure('boom')),
      { concurrency: 1 },
    )
    for (const id of ['a', 'b', 'c']) await queue.add(jobOf(id))
    await queue.close()
    expect((await queue.failed.list()).map(({ job }) => job.id)).toEqual(['c', 'b'])
  })

  it('keeps a delay that is longer than a timer can be', async () => {
    const clock = new ManualClock()
    const after = vi.spyOn(clock, 'after')
    const queue = memoryQueue({ clock })
    const handler = handlerOf()
    queue.work('default', handler, { concurrency: 1 })
    await queue.add(jobOf('a', 60 * day))
    clock.advance(60 * day - 1)
    await turn()
    expect(handler.run).not.toHaveBeenCalled()
    clock.advance(1)
    await turn()
    expect(handler.run).toHaveBeenCalledTimes(1)
    for (const [ms] of after.mock.calls) expect(ms).toBeLessThanOrEqual(2_147_483_647)
    await queue.close()
  })

  it('runs thousands of jobs, each once', async () => {
    const queue = memoryQueue()
    const handler = handlerOf()
    queue.work('default', handler, { concurrency: 10 })
    for (let index = 0; index < 5_000; index++) await queue.add(jobOf(`job-${index}`))
    await queue.close()
    expect(new Set(handler.run.mock.calls.map(([job]) => job.id)).size).toBe(5_000)
    expect(handler.run).toHaveBeenCalledTimes(5_000)
  })

  it.each([{ limit: 0 }, { limit: Number.NaN }, { failedLimit: 1.5 }])('refuses %j', (options) => {
    expect(() => memoryQueue(options)).toThrow(expect.objectContaining({ code: 'option_invalid' }))
  })
})
