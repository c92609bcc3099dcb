import { expect, test } from 'vitest'
import type { Change } from '../../../src/queue/disk/messages.ts'
import { Steps } from '../../../src/queue/disk/steps.ts'
import { ManualClock, turn } from '../../support/manual-clock.ts'

/** Steps to a file that is written as the test says; what was written, and what was told. */
function createSteps() {
  const clock = new ManualClock()
  const written: string[][] = []
  const told: unknown[] = []
  const disk: { refuses: (changes: readonly Change[]) => boolean; next: number | undefined } = {
    refuses: () => false,
    next: undefined,
  }
  let looks = 0
  const steps = new Steps({
    clock,
    async step(changes, wants) {
      if (wants.length > 0) looks++
      if (disk.refuses(changes)) throw new Error('full')
      written.push(changes.map((change) => (change.kind === 'add' ? change.job.id : `${change.kind} ${change.seq}`)))
      return { kind: 'stepped', claimed: [], next: disk.next }
    },
    wants: () => [{ queue: 'default', limit: 1 }],
    onClaimed() {},
    onError: (error) => told.push(error),
  })
  const add = (id: string) => steps.add({ id, queue: 'default', unique: undefined, due: 0, json: '{}' })
  const settle = async () => {
    for (let step = 0; step < 10; step++) await turn()
  }
  return { clock, steps, written, told, disk, add, settle, looks: () => looks }
}

const isAdd = ({ kind }: Change) => kind === 'add'

test('what comes in one turn goes together', async () => {
  const { steps, written, add, settle } = createSteps()
  const added = [add('a'), add('b')]
  steps.settle({ kind: 'done', seq: 1 })
  await Promise.all(added)
  await settle()
  expect(written).toEqual([['a', 'b', 'done 1']])
})

test('what was settled is written without the jobs that were too much', async () => {
  const { steps, written, told, disk, add, settle } = createSteps()
  disk.refuses = (changes) => changes.some(isAdd)
  const added = add('a')
  steps.settle({ kind: 'done', seq: 1 })
  await expect(added).rejects.toThrow('full')
  await settle()
  expect(written.flat()).toEqual(['done 1'])
  expect(told).toEqual([])
})

test('what cannot be settled is tried again every second, told once, and holds no adder up', async () => {
  const { clock, steps, written, told, disk, add, settle, looks } = createSteps()
  disk.refuses = (changes) => !changes.some(isAdd)
  steps.settle({ kind: 'done', seq: 1 })
  await settle()
  await add('a')
  for (let tries = 0; tries < 3; tries++) {
    clock.advance(1_000)
    await settle()
  }
  expect(written).toEqual([['a']])
  expect(told).toHaveLength(1)
  const before = looks()

  disk.refuses = () => false
  clock.advance(1_000)
  await settle()
  expect(written.flat()).toEqual(['a', 'done 1'])
  // Jobs may have come meanwhile.
  expect(looks()).toBeGreaterThan(before)
})

test('winding up tries once more at each end of a run, tells what is dropped, and comes to an end', async () => {
  const { steps, told, disk, add, settle } = createSteps()
  disk.refuses = () => true
  steps.settle({ kind: 'done', seq: 1 })
  await settle()
  let idle = 0
  steps.wind(() => idle++)
  await settle()
  expect(steps.isIdle).toBe(true)
  steps.settle({ kind: 'done', seq: 2 })
  await settle()
  expect(steps.isIdle).toBe(true)
  // What still runs may add.
  await expect(add('a')).rejects.toThrow('full')
  await expect(add('b')).rejects.toThrow('full')
  expect(steps.isIdle).toBe(true)
  expect(idle).toBeGreaterThan(0)
  expect(told).toMatchObject([{ message: 'full' }, { code: 'queue_unavailable' }, { code: 'queue_unavailable' }])
})

test('it looks again when the next job is due, however far away that is', async () => {
  const { clock, steps, disk, settle, looks } = createSteps()
  disk.next = clock.now() + 3e9
  steps.look()
  await settle()
  expect(looks()).toBe(1)
  clock.advance(2 ** 31)
  await settle()
  expect(looks()).toBe(2)
  clock.advance(1e9)
  disk.next = undefined
  await settle()
  expect(looks()).toBe(3)
  expect(clock.timers).toBe(0)
})
