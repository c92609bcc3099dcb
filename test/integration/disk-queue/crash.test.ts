import { once } from 'node:events'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEvents } from '../../../src/events/dispatch.ts'
import { createDirectory, kill, linesOf, openQueue, start, untilEmpty, untilLines, workOn } from './support/child.ts'
import { jobOf } from './support/job.js'
import { Order } from './support/order.js'

const total = 1_000

test('a worker is killed again and again in the middle of 1,000 jobs: each has its effect, and none runs too often', async () => {
  const dir = await createDirectory()
  const journal = join(dir, 'journal')
  const queue = openQueue(dir)
  const events = createEvents({ queue, work: false })
  events.listen(Order, () => {}, { id: 'ship', queue: { attempts: 3, backoff: 0 } })
  const numbers = Array.from({ length: total }, (_, index) => index + 1)
  await Promise.all(numbers.map((number) => events.dispatch(Order({ number }))))

  for (let kills = 1; kills <= 6; kills++) {
    const worker = start('worker.js', dir, journal)
    await untilLines(journal, linesOf(journal).length + 200 + kills)
    await kill(worker)
  }
  start('worker.js', dir, journal)
  await untilEmpty(queue)

  const lines = linesOf(journal).map((line) => line.split(' '))
  const countOf = (what: string, number: number) =>
    lines.filter(([kind, of]) => kind === what && of === String(number)).length
  const cut = lines.filter(([kind]) => kind === 'begin').length - lines.filter(([kind]) => kind === 'end').length
  expect(cut).toBeGreaterThan(6)
  const hopeless = numbers.filter((number) => number % 50 === 0)
  expect(numbers.filter((number) => countOf('end', number) === 0)).toEqual(hopeless)
  expect(numbers.filter((number) => countOf('begin', number) > 3)).toEqual([])
  const failed = await queue.failed.list()
  const toNumber = ({ job }: (typeof failed)[number]) => (job.event.data as { number: number }).number
  expect(failed.map(toNumber).sort((a, b) => a - b)).toEqual(hopeless)
  for (const { error, attempts } of failed) {
    // One whose last run was cut short has not failed, as far as anybody knows.
    expect(error.code ?? error.message).toMatch(/^Order \d+ never goes through\.$|^job_interrupted$/)
    expect(attempts).toBe(3)
  }
})

test('a job that was acknowledged is there after a kill -9 of who added it, at any instant', async () => {
  const dir = await createDirectory()
  const acknowledged: string[] = []
  for (let round = 0; round < 8; round++) {
    const adder = start('adder.js', dir, String(round))
    let output = ''
    adder.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      if (output.split('\n').length > round * 60) adder.kill('SIGKILL')
    })
    await once(adder, 'close')
    acknowledged.push(...output.split('\n').slice(0, -1))
  }

  const queue = openQueue(dir)
  const runs = workOn(queue)
  await untilEmpty(queue)
  const found = new Set(runs)
  expect(acknowledged.filter((id) => !found.has(`${id} 1`))).toEqual([])
  expect(found.size).toBe(runs.length)
})

test('a file that was cut off while it was written has whole jobs up to there, and goes on', async () => {
  const dir = await createDirectory()
  const queue = openQueue(dir)
  const ids = Array.from({ length: 20 }, (_, index) => `job-${index}`)
  for (const id of ids) await queue.add(jobOf(id))
  const ahead = await readFile(join(dir, 'queue.db-wal'))

  for (const share of [0.4, 0.6, 0.8, 1]) {
    const copy = await createDirectory()
    await copyFile(join(dir, 'queue.db'), join(copy, 'queue.db'))
    await writeFile(join(copy, 'queue.db-wal'), ahead.subarray(0, Math.floor(ahead.length * share)))
    const rest = openQueue(copy)
    const runs = workOn(rest)
    await rest.add(jobOf('after'))
    await untilEmpty(rest)
    expect(runs.slice(0, -1)).toEqual(ids.slice(0, runs.length - 1).map((id) => `${id} 1`))
    expect(runs.at(-1)).toBe('after 1')
    expect(runs.length).toBeGreaterThan(share === 1 ? 20 : 1)
  }
})
