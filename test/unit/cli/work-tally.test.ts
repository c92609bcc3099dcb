import { expect, test } from 'vitest'
import type { FinishedRun } from '../../../src/cli/job-runs.ts'
import { WorkTally } from '../../../src/cli/work-tally.ts'

const run: FinishedRun['run'] = {
  event: { id: '1', name: 'E' },
  listener: 'l',
  queue: 'q',
  job: '1/l',
  attempt: 1,
  due: 0,
}

function finished(kind: FinishedRun['outcome']['kind'], ran: number, waited?: number): FinishedRun {
  return { run, outcome: { kind }, ran, waited }
}

test('a worker that has run nothing has counts, and no figures', () => {
  expect(new WorkTally().summary()).toEqual({
    ...{ done: 0, retried: 0, failed: 0, returned: 0 },
    ...{ rate: null, waited: null, ran: null },
  })
})

test('runs are counted by what became of them', () => {
  const tally = new WorkTally()
  for (const kind of ['done', 'retry', 'done', 'failed', 'returned', 'done'] as const) tally.add(finished(kind, 1), 10)
  expect(tally.summary()).toMatchObject({ done: 3, retried: 1, failed: 1, returned: 1 })
  expect(tally.runs).toBe(6)
})

test('the rate is of the time in which there was something to do: a short way to the queue is, and a pause is not', () => {
  const tally = new WorkTally()
  // Each 10 ms, of which 1 ms is the run; then an hour of nothing.
  for (let count = 1; count <= 100; count++) tally.add(finished('done', 1), count * 10)
  for (let count = 1; count <= 100; count++) tally.add(finished('done', 1), 3_600_000 + count * 10)
  expect(tally.summary().rate).toBeCloseTo(101, 0)
})

test('runs side by side are counted for the time that they share once', () => {
  const tally = new WorkTally()
  for (let count = 0; count < 10; count++) tally.add(finished('done', 100), 1_000)
  expect(tally.summary().rate).toBeCloseTo(100)
})

test('times are medians, which a single job that waited for a night does not move', () => {
  const tally = new WorkTally()
  for (const waited of [0, 2, 2, 2, 30_000_000]) tally.add(finished('done', waited === 0 ? 0 : 5, waited), 10)
  const { waited, ran } = tally.summary()
  expect(waited).toBeGreaterThan(1.95)
  expect(waited).toBeLessThan(2.05)
  expect(ran).toBeGreaterThan(4.9)
  expect(ran).toBeLessThan(5.1)
})
