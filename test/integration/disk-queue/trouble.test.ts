import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import type { Outcome } from '../../../src/queue/port.ts'
import { openDatabase } from '../../../src/sqlite/sqlite.ts'
import { canMount, runOnSmallDisk } from '../../support/small-disk.ts'
import { until } from '../../support/until.ts'
import { createDirectory, openQueue, untilEmpty, workOn } from './support/child.ts'
import { jobOf } from './support/job.js'

const filler = fileURLToPath(new URL('support/filler.js', import.meta.url))

test.skipIf(!canMount)('a full disk refuses jobs and loses none, and is forgotten when there is room', async () => {
  const dir = await createDirectory()
  const result = await runOnSmallDisk(filler, dir)

  expect(result).toMatchObject({ code: 'queue_unavailable', isMended: true, missing: [], again: 0 })
  expect(result.cause).toMatch(/full|disk I\/O/)
  expect(result.count).toBeGreaterThan(20)
  // Where nothing could be claimed, that was told, and once.
  expect(result.told).toEqual(result.runsAtFull === result.count ? [] : ['queue_unavailable'])
})

test('a thread that ends is told of, nothing more is taken, and another process runs what was running', async () => {
  const dir = await createDirectory()
  const told: unknown[] = []
  const threads: Worker[] = []
  process.once('worker', (thread) => threads.push(thread))
  const queue = openQueue(dir, { onError: (error) => told.push(error) })
  let end: (outcome: Outcome) => void = () => {}
  const runs = workOn(queue, () => new Promise((resolve) => (end = resolve)))
  await queue.add(jobOf('a'))
  await until('the run', async () => runs[0])

  const waiting = queue.add(jobOf('b')).catch((error: unknown) => error)
  await threads[0]?.terminate()
  const unavailable = { code: 'queue_unavailable' }
  await until('the report', async () => told[0])
  expect(told).toMatchObject([unavailable])
  await waiting
  await expect(queue.add(jobOf('c'))).rejects.toMatchObject(unavailable)
  await expect(queue.counts()).rejects.toMatchObject(unavailable)

  const other = openQueue(dir)
  const others = workOn(other)
  await other.add(jobOf('d'))
  await until('the job of the other', async () => others.includes('d 1') || undefined)
  // It still runs here.
  expect(others).not.toContain('a 2')
  end({ kind: 'done' })
  await queue.close()
  await until('the job that was running', async () => others.includes('a 2') || undefined)
  expect(told).toHaveLength(1)
})

test('another process that holds the file up is waited for, and what it holds up too long is told or tried again', async () => {
  const dir = await createDirectory()
  const told: unknown[] = []
  const queue = openQueue(dir, { onError: (error) => told.push(error) })
  let end: (outcome: Outcome) => void = () => {}
  const runs = workOn(queue, () => new Promise((resolve) => (end = resolve)))
  await queue.add(jobOf('a'))
  await until('the run', async () => runs[0])

  // As a process that was stopped in the middle of writing.
  const stopped = openDatabase(`${dir}/queue.db`)
  stopped.exec('BEGIN IMMEDIATE')
  end({ kind: 'done' })
  await expect(queue.add(jobOf('b'))).rejects.toMatchObject({ code: 'queue_unavailable' })
  stopped.exec('ROLLBACK')
  stopped.close()

  await untilEmpty(queue)
  expect(runs).toEqual(['a 1'])
})
