import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEvents } from '../../../src/events/dispatch.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/until.ts'
import { createDirectory, kill, linesOf, openQueue, start, untilEmpty, untilLines, workOn } from './support/child.ts'
import { jobOf } from './support/job.js'
import { Order } from './support/order.js'

test('what a killed worker was running is run by another one within two seconds, and that run counts', async () => {
  const dir = await createDirectory()
  const journal = join(dir, 'journal')
  const queue = openQueue(dir)
  for (const id of ['a', 'b', 'c']) await queue.add(orderJob(id))
  const worker = start('worker.js', dir, journal, 'hang')
  await untilLines(journal, 3)
  const runs = workOn(queue)
  await queue.add(orderJob('d'))
  await until('the job of the one that lives', async () => runs.length === 1 || undefined)

  await kill(worker)
  const killed = Date.now()
  await until('the others', async () => runs.length === 4 || undefined)
  expect(Date.now() - killed).toBeLessThan(2_000)
  expect(runs.slice(1).sort()).toEqual(['a 2', 'b 2', 'c 2'])
})

test('a process that only listens stays, and runs what others add later', async () => {
  const dir = await createDirectory()
  const journal = join(dir, 'journal')
  const queue = openQueue(dir)
  const worker = start('worker.js', dir, journal)
  for (let done = 1; done <= 3; done++) {
    await queue.add(orderJob(`job-${done}`))
    await untilLines(journal, 2 * done)
    await untilEmpty(queue)
  }
  expect(worker.exitCode).toBeNull()
})

test('what a killed worker was running is put back when the next process comes', async () => {
  const dir = await createDirectory()
  const journal = join(dir, 'journal')
  const queue = openQueue(dir)
  await queue.add(orderJob('a'))
  const worker = start('worker.js', dir, journal, 'hang')
  await untilLines(journal, 1)
  const counts = { queue: 'default', waiting: 0, delayed: 0, failed: 0 }
  expect(await queue.counts()).toEqual([{ ...counts, running: 1 }])

  await kill(worker)
  expect(await openQueue(dir).counts()).toEqual([{ ...counts, waiting: 1, running: 0 }])
  expect((await readdir(dir)).filter((name) => name.startsWith('queue-worker'))).toEqual([])
})

test('a worker that is only stopped keeps its jobs, and goes on with them', async () => {
  const dir = await createDirectory()
  const journal = join(dir, 'journal')
  const clock = new ManualClock(Date.now())
  const queue = openQueue(dir, { clock })
  await queue.add(orderJob('a'))
  const worker = start('worker.js', dir, journal, 'hang')
  await untilLines(journal, 1)
  worker.kill('SIGSTOP')
  const runs = workOn(queue)
  for (let look = 1; look <= 5; look++) {
    clock.advance(1_000)
    await queue.add(orderJob(`later-${look}`))
    await until('the later one', async () => runs.length === look || undefined)
  }
  expect(runs).not.toContain('a 2')

  await kill(worker)
  clock.advance(1_000)
  await until('the job of the dead one', async () => runs.includes('a 2') || undefined)
})

test('workers and those who add in several processes share the jobs: each runs once', async () => {
  const dir = await createDirectory()
  const journal = join(dir, 'journal')
  const queue = openQueue(dir)
  for (let worker = 0; worker < 2; worker++) start('worker.js', dir, journal)
  const events = createEvents({ queue, work: false })
  events.listen(Order, () => {}, { id: 'ship', queue: { attempts: 3, backoff: 0 } })
  // None of those that fail.
  const numbers = Array.from({ length: 300 }, (_, index) => index * 350 + 1)
  for (const number of numbers) await events.dispatch(Order({ number }))
  await untilEmpty(queue)
  expect(
    linesOf(journal)
      .filter((line) => line.startsWith('begin'))
      .sort(),
  ).toEqual(numbers.map((number) => `begin ${number} 1`).sort())
})

test('jobs that were claimed while the queue was closing go back, and that is no run', async () => {
  const dir = await createDirectory()
  const queue = openQueue(dir)
  const ids = ['a', 'b', 'c']
  await Promise.all(ids.map((id) => queue.add(jobOf(id))))
  const runs = workOn(queue)
  // The thread has been asked for jobs, and its answer comes when the queue is closing.
  await new Promise((resolve) => setImmediate(resolve))
  await queue.close()

  const next = openQueue(dir)
  const others = workOn(next)
  await untilEmpty(next)
  expect([...runs, ...others].sort()).toEqual(ids.map((id) => `${id} 1`))
})

test('processes that make a queue at the same time all find it whole', async () => {
  const dir = join(await createDirectory(), 'new')
  const children = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => start('opener.js', dir, id))
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve))))
  expect(children.map(({ exitCode }) => exitCode)).toEqual(children.map(() => 0))
  expect((await openQueue(dir).counts())[0]?.waiting).toBe(6)
})

function orderJob(id: string) {
  const event = { id, name: 'Order', data: { number: 1 }, at: 1_700_000_000_000 }
  return jobOf(id, { event })
}
