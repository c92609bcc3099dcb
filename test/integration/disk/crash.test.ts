import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createDirectory, openDisk, readAll, to } from './support/directory.ts'

const publisher = fileURLToPath(new URL('support/publisher.js', import.meta.url))

/** Runs the publisher, and kills it when it has told of so many acknowledged messages: id and position of each. */
async function publishAndKill(dir: string, round: number, count: number): Promise<[id: string, position: string][]> {
  const child = spawn(process.execPath, [publisher, dir, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    if (output.split('\n').length > count) child.kill('SIGKILL')
  })
  await once(child, 'close')
  expect(child.signalCode).toBe('SIGKILL')
  const lines = output.split('\n').slice(0, -1)
  return lines.map((line) => line.split(' ') as [string, string])
}

test('what was acknowledged is there after a kill -9 at any instant: once, in order, and under its id', async () => {
  const dir = await createDirectory()
  const acknowledged = new Map<string, string>()
  for (let round = 0; round < 12; round++) {
    // From the first commits of a log to those around a checkpoint.
    for (const [id, position] of await publishAndKill(dir, round, 1 + round * 60)) acknowledged.set(id, position)
  }

  const broker = openDisk(dir)
  const found = new Map<string, string>()
  let last = broker.at(0)
  for await (const { position, data } of readAll(broker, ['a', 'b', 'c'])) {
    const { id } = JSON.parse(data) as { id: string }
    expect(found.has(id)).toBe(false)
    found.set(id, position ?? '')
    expect(broker.compare(position ?? '', last)).toBeGreaterThan(0)
    last = position ?? ''
  }
  const missing = [...acknowledged].filter(([id, position]) => found.get(id) !== position)
  expect(missing).toEqual([])
  expect(await broker.head()).toBe(last)

  for (const [id, position] of [...acknowledged].slice(-50)) {
    expect(await broker.append({ ...to('a', 'again'), id })).toBe(position)
  }
  expect(await broker.head()).toBe(last)
})

test('a log that was cut off while it was written has whole messages up to there, and goes on', async () => {
  const dir = await createDirectory()
  const broker = openDisk(dir)
  const positions: string[] = []
  for (let number = 0; number < 20; number++) {
    positions.push((await broker.append(to(['a', 'b'], `${number} ${'x'.repeat(20_000)}`))) ?? '')
  }
  const ahead = await readFile(join(dir, 'log.db-wal'))

  for (const share of [0.3, 0.5, 0.7, 0.9]) {
    const cut = await createDirectory()
    await copyFile(join(dir, 'log.db'), join(cut, 'log.db'))
    await writeFile(join(cut, 'log.db-wal'), ahead.subarray(0, Math.floor(ahead.length * share)))
    const rest = openDisk(cut)
    const found: string[] = []
    for await (const { position, data } of readAll(rest, ['a', 'b'])) {
      expect(data).toHaveLength(`${found.length} `.length + 20_000)
      found.push(position ?? '')
    }
    expect(found.length).toBeGreaterThan(0)
    expect(found.length).toBeLessThan(20)
    expect(found).toEqual(positions.slice(0, found.length))
    // Who has seen more than there is now is told, also when the log has gone on.
    await rest.append(to('a', 'new'))
    const page = await rest.read(positions[19] ?? '', ['a', 'b'], { entries: 10, bytes: 1_000 })
    expect(page.gaps.map(({ reason }) => reason)).toEqual(['lost', 'lost'])
  }
})
