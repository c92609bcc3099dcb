import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { disk } from '../../../src/broker/disk/disk.ts'
import { openDatabase } from '../../../src/sqlite/sqlite.ts'
import { createDirectory, openDisk, readAll, to } from './support/directory.ts'

const publisher = fileURLToPath(new URL('support/publisher.js', import.meta.url))
const all = { entries: 100, bytes: 1_000_000 }

test('a directory that is open is refused, in this process and in another, until it is closed', async () => {
  const dir = await createDirectory()
  const first = openDisk(dir)

  expect(() => disk(dir)).toThrow(expect.objectContaining({ code: 'data_locked', data: { dir } }))
  const other = spawn(process.execPath, [publisher, dir, '0'])
  let stderr = ''
  other.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  await once(other, 'close')
  expect(stderr).toContain('data_locked')
  // Who was refused has not taken the lock from who holds it.
  expect(() => disk(dir)).toThrow(expect.objectContaining({ code: 'data_locked' }))
  await first.append(to('a', '1'))

  await first.close()
  expect(await openDisk(dir).append(to('a', '2'))).not.toBeNull()
})

test('a directory whose hub was killed opens at once', async () => {
  const dir = await createDirectory()
  const child = spawn(process.execPath, [publisher, dir, '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  expect(() => disk(dir)).toThrow(expect.objectContaining({ code: 'data_locked' }))
  child.kill('SIGKILL')
  await once(child, 'close')

  expect(await openDisk(dir).append(to('a', '2'))).not.toBeNull()
})

test('it is made with those above it, holds little, and is closed as one file', async () => {
  const dir = join(await createDirectory(), 'a/b')
  const broker = openDisk(dir)
  await broker.append(to('a', '1'))
  await broker.close()

  expect((await readdir(dir)).filter((name) => !/-(wal|shm)$/.test(name)).sort()).toEqual(['lock', 'log.db'])
})

test('a directory that cannot be made, and a file that is none of ours, are refused and left as they are', async () => {
  const dir = await createDirectory()
  await writeFile(join(dir, 'log.db'), 'These are my notes.\n'.repeat(1_000))
  expect(() => disk(dir)).toThrow(expect.objectContaining({ code: 'data_incompatible' }))
  expect(() => disk(join(dir, 'log.db'))).toThrow(expect.objectContaining({ code: 'data_unavailable' }))
  expect(() => disk(join(dir, 'log.db', 'below'))).toThrow(expect.objectContaining({ code: 'data_unavailable' }))

  const foreign = await createDirectory()
  const database = openDatabase(join(foreign, 'log.db'))
  database.exec('CREATE TABLE mine (a)')
  database.close()
  expect(() => disk(foreign)).toThrow(expect.objectContaining({ code: 'data_incompatible' }))

  const newer = await createDirectory()
  await openDisk(newer).close()
  const log = openDatabase(join(newer, 'log.db'))
  log.exec('PRAGMA user_version = 99')
  log.close()
  expect(() => disk(newer)).toThrow(/version/)
})

test('closing and opening leaves everything in its place', async () => {
  const dir = await createDirectory()
  const first = openDisk(dir)
  const start = await first.head()
  const seen = await first.append(to(['a', 'b'], '1'))
  await first.append({ ...to('a', '2'), event: 'E', key: 'k' })
  const before = await first.read(start, ['a', 'b'], all)
  await first.close()

  const second = openDisk(dir)
  expect(await second.head()).toBe(before.next)
  expect(await second.read(start, ['a', 'b'], all)).toEqual(before)
  await second.append(to('a', '3'))
  const page = await second.read(seen ?? '', ['a', 'b'], all)
  expect([page.gaps, page.entries.map(({ data }) => data)]).toEqual([[], ['2', '3']])
})

test('after a backup was restored, who had seen more is told so, and nobody else', async () => {
  const dir = await createDirectory()
  const backup = await createDirectory()
  const first = openDisk(dir)
  const kept = (await first.append(to('a', 'kept'))) ?? ''
  await first.close()
  await cp(dir, backup, { recursive: true })
  const again = openDisk(dir)
  const lost = (await again.append(to('a', 'lost'))) ?? ''
  await again.close()

  const restored = openDisk(backup)
  expect((await restored.read(lost, ['a'], all)).gaps).toEqual([{ channel: 'a', reason: 'lost' }])
  await restored.append(to('a', 'new'))
  await restored.append(to('a', 'newer'))

  const page = await restored.read(lost, ['a'], all)
  expect(page.gaps).toEqual([{ channel: 'a', reason: 'lost' }])
  expect(page.entries.map(({ data }) => data)).toEqual(['new', 'newer'])
  expect((await restored.read(kept, ['a'], all)).gaps).toEqual([])
  const data: string[] = []
  for await (const entry of readAll(restored, ['a'], kept)) data.push(entry.data)
  expect(data).toEqual(['new', 'newer'])
})

test('a program that is given on the command line can open it too', async () => {
  const dir = await createDirectory()
  const program = `
    import { createHub, defineChannel } from 'millrace'
    import { disk } from 'millrace/disk'
    const hub = createHub({ channels: [defineChannel('news')], broker: disk(${JSON.stringify(dir)}) })
    await hub.publish('news', 'a')
    await hub.close()`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' })
  expect(await once(child, 'close')).toEqual([0, null])
})
