import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '../../../src/sqlite/sqlite.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/until.ts'
import { createDirectory, openDisk, to } from './support/directory.ts'

const data = 'x'.repeat(10_000)
const all = { entries: 1_000, bytes: 100_000_000 }
const day = 24 * 60 * 60 * 1000

async function sizeOf(dir: string): Promise<number> {
  const sizes = await Promise.all((await readdir(dir)).map(async (name) => (await stat(join(dir, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

function countOf(dir: string, table: string): number {
  const database = openDatabase(join(dir, 'log.db'))
  const row = database.prepare(`SELECT count(*) AS count FROM ${table}`).get() as { readonly count: number }
  database.close()
  return row.count
}

test('the file does not grow past what is kept, however much is published', async () => {
  const dir = await createDirectory()
  const broker = openDisk(dir)
  const publish = async (count: number) => {
    for (let number = 0; number < count; number += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          broker.append(to(index % 5 === 0 ? ['a', 'b'] : `c${index % 5}`, data, { count: 50, bytes: 1_000_000 })),
        ),
      )
    }
  }
  await publish(500)
  const once = await sizeOf(dir)
  await publish(2_500)

  // 300 messages of 10 kB at most, and the log that is written ahead.
  expect(await sizeOf(dir)).toBeLessThan(Math.max(once * 1.1, 12_000_000))
  expect(countOf(dir, 'messages')).toBe(250)
  expect(countOf(dir, 'entries')).toBe(300)
})

test('a channel without new messages loses what is past its age, and the file its size', async () => {
  const dir = await createDirectory()
  const clock = new ManualClock(Date.now())
  const broker = openDisk(dir, { clock })
  const head = await broker.head()
  await Promise.all(Array.from({ length: 2_000 }, () => broker.append(to(['a', 'b'], data, { age: 60_000 }))))
  await broker.append({ ...to('c', 'kept', { age: day }), id: 'an-id' })
  const full = await sizeOf(dir)
  expect((await broker.read(head, ['c'], all)).entries).toHaveLength(1)

  clock.advance(61_000)
  const page = await broker.read(head, ['a', 'c'], all)
  expect([page.gaps, page.entries.length]).toMatchObject([[{ channel: 'a', reason: 'expired' }], 1])
  await until('the sweep to remove what is old', async () => {
    clock.advance(10_000)
    return countOf(dir, 'messages') === 1 || undefined
  })
  expect([countOf(dir, 'entries'), countOf(dir, 'shared')]).toEqual([1, 0])
  await until('the file to become smaller', async () => {
    clock.advance(10_000)
    await broker.append(to('c', data))
    return (await stat(join(dir, 'log.db'))).size < full / 4 || undefined
  })
})

test('a channel is forgotten after the horizon, and an id after its window', async () => {
  const dir = await createDirectory()
  const clock = new ManualClock(Date.now())
  const broker = openDisk(dir, { clock, horizon: 10 * day, idWindow: 60_000 })
  const head = await broker.head()
  const first = await broker.append({ ...to('a', '1', { age: day }), id: 'order-1' })
  expect(await broker.append({ ...to('a', '1'), id: 'order-1' })).toBe(first)
  clock.advance(60_000)
  expect(await broker.append({ ...to('a', '1'), id: 'order-1' })).not.toBe(first)

  await until('the sweep to forget', async () => {
    clock.advance(day)
    return countOf(dir, 'channels') + countOf(dir, 'ids') === 0 || undefined
  })
  expect(clock.now()).toBeGreaterThan(Date.now() + 9 * day)
  expect((await broker.read(head, ['a'], all)).gaps).toMatchObject([{ channel: 'a', reason: 'expired' }])
  expect((await broker.read(await broker.head(), ['a', 'b'], all)).gaps).toEqual([])
})

test('a retention that became shorter takes effect with the next message', async () => {
  const broker = openDisk(await createDirectory())
  const head = await broker.head()
  await Promise.all(Array.from({ length: 1_000 }, (_, index) => broker.append(to('a', String(index)))))
  await broker.append(to('a', 'last', { count: 3 }))

  const page = await broker.read(head, ['a'], all)
  expect(page.entries.map(({ data }) => data)).toEqual(['998', '999', 'last'])
})
