import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diskQueue } from '../../../src/queue/disk/disk-queue.ts'
import type { FailedJob } from '../../../src/queue/failed.ts'
import { openDatabase } from '../../../src/sqlite/sqlite.ts'
import { openDisk, to } from '../disk/support/directory.ts'
import { createDirectory, openQueue, untilEmpty, workOn } from './support/child.ts'
import { jobOf } from './support/job.js'

test('a directory that cannot be made, and a file that is none of ours, are refused and left as they are', async () => {
  const dir = await createDirectory()
  await writeFile(join(dir, 'queue.db'), 'These are my notes.\n'.repeat(1_000))
  expect(() => diskQueue(dir)).toThrow(expect.objectContaining({ code: 'data_incompatible' }))
  expect(() => diskQueue(join(dir, 'queue.db'))).toThrow(expect.objectContaining({ code: 'data_unavailable' }))

  const foreign = await createDirectory()
  const database = openDatabase(join(foreign, 'queue.db'))
  database.exec('CREATE TABLE mine (a)')
  database.close()
  expect(() => diskQueue(foreign)).toThrow(expect.objectContaining({ code: 'data_incompatible' }))

  const newer = await createDirectory()
  await openQueue(newer).close()
  const file = openDatabase(join(newer, 'queue.db'))
  file.exec('PRAGMA user_version = 99')
  file.close()
  expect(() => diskQueue(newer)).toThrow(/version/)
})

test('a queue shares its directory with a log, and leaves little behind', async () => {
  const dir = join(await createDirectory(), 'a/b')
  const broker = openDisk(dir)
  const queue = openQueue(dir)
  const runs = workOn(queue)
  await Promise.all([broker.append(to('a', '1')), queue.add(jobOf('job'))])
  await untilEmpty(queue)
  await Promise.all([broker.close(), queue.close()])

  expect(runs).toEqual(['job 1'])
  const files = (await readdir(dir)).filter((name) => !/-(wal|shm)$/.test(name)).sort()
  expect(files).toEqual(['lock', 'log.db', 'queue.bell', 'queue.db', 'queue.lock'])
})

test('a closed queue answers nothing', async () => {
  const queue = openQueue(await createDirectory())
  await queue.close()
  const closed = { code: 'queue_closed' }
  await expect(queue.add(jobOf('a'))).rejects.toMatchObject(closed)
  await expect(queue.counts()).rejects.toMatchObject(closed)
  await expect(queue.failed.list()).rejects.toMatchObject(closed)
  await expect(queue.failed.retry({})).rejects.toMatchObject(closed)
})

test('failed jobs past the limit go, the oldest first; those that are left are retried and forgotten many at a time', async () => {
  const queue = openQueue(await createDirectory(), { failedLimit: 1_200 })
  let isMended = false
  const runs = workOn(queue, async () =>
    isMended ? { kind: 'done' } : { kind: 'failed', error: new Error('no'), attempts: 1 },
  )
  const ids = Array.from({ length: 1_300 }, (_, index) => `job-${index}`)
  await Promise.all(ids.map((id) => queue.add(jobOf(id))))
  await untilEmpty(queue)
  const failed = await queue.failed.list({ limit: Number.POSITIVE_INFINITY })
  const numberOf = ({ job }: FailedJob) => Number(job.id.slice(4))
  expect(failed).toHaveLength(1_200)
  expect(Math.min(...failed.map(numberOf))).toBeGreaterThan(50)

  isMended = true
  runs.length = 0
  expect(await queue.failed.retry({ before: failed[599]?.at ?? 0 })).toBeGreaterThan(0)
  await untilEmpty(queue)
  const left = (await queue.failed.list({ limit: 10_000 })).length
  expect(left + runs.length).toBe(1_200)
  expect(await queue.failed.forget({})).toBe(left)
  expect(await queue.failed.list()).toEqual([])
})

test('the limit of failed jobs is an integer of 1 or more', async () => {
  const dir = await createDirectory()
  for (const failedLimit of [0, 1.5, Number.NaN]) {
    expect(() => diskQueue(dir, { failedLimit })).toThrow(expect.objectContaining({ code: 'option_invalid' }))
  }
})
