import assert from 'node:assert/strict'
import type { FailedJob } from '../queue/failed.ts'
import type { Job } from '../queue/job.ts'
import type { JobHandler, Outcome, Queue } from '../queue/port.ts'
import type { Test } from './broker-contract.ts'

export interface QueueUnderTest {
  readonly queue: Queue
  /** Lets this much time pass for the queue: on a clock of the test's own, or in truth. */
  pass(ms: number): Promise<void>
  /** Of a queue that outlives its process: one more on the same store, as another process has it. The contract closes it. */
  another?(): Promise<Queue>
  /** Removes what the queue leaves behind; the contract has closed the queue itself. */
  cleanUp?(): Promise<void>
}

export interface QueueContractOptions {
  readonly test: Test
  /** An empty queue of its own. */
  create(): Promise<QueueUnderTest>
  /** Whether it keeps its jobs beyond the end of the process, so that `another` is there. */
  readonly isDurable: boolean
}

const done: Outcome = { kind: 'done' }
const concurrency = 3

/**
 * What MUST hold for every queue: see {@link Queue}. Registers one test for each sentence of it.
 *
 * Longer than a file should be, because it is one list, and a driver is to pass all of it.
 */
export function queueContract({ test, create, isDurable }: QueueContractOptions): void {
  const it = (title: string, run: (under: QueueUnderTest & { another(): Promise<Queue> }) => Promise<void>) =>
    test(title, async () => {
      const under = await create()
      const others: Queue[] = []
      const another = async () => {
        assert.ok(under.another, 'a durable queue has another')
        const queue = await under.another()
        others.push(queue)
        return queue
      }
      try {
        await run({ ...under, another })
      } finally {
        await Promise.all([under.queue, ...others].map((queue) => queue.close()))
        await under.cleanUp?.()
      }
    })

  it('says whether it keeps its jobs beyond the end of the process', async ({ queue }) => {
    assert.equal(queue.isDurable, isDurable)
  })

  it('gives the job to the handler as it was added, and says that it is the first run', async ({ queue }) => {
    const hand = work(queue)
    const job = jobOf('a', { timeout: 5, until: 9e15, unique: 'send-push/a', backoff: [1, 2] })
    await queue.add(job)
    assert.deepEqual(await hand.ran(1), [{ job, attempt: 1 }])
  })

  it('does not run a job before the turn in which it was added is over', async ({ queue }) => {
    const hand = work(queue)
    const added = queue.add(jobOf('a'))
    assert.equal(hand.runs.length, 0)
    await added
    await hand.ran(1)
  })

  it('takes the job by value', async ({ queue }) => {
    const hand = work(queue)
    const data = { text: 'as added' }
    const added = queue.add(jobOf('a', { event: { ...event, data } }))
    data.text = 'changed'
    await added
    assert.deepEqual((await hand.ran(1))[0]?.job.event.data, { text: 'as added' })
  })

  it('takes ids and names of any characters', async ({ queue }) => {
    const names = ['a:b', 'a/b', 'a b', '{a}', "a'b", 'ü', '%', '*', '日本', '.', '-', '0']
    const handler = recorder()
    for (const name of names) queue.work(name, handler, { concurrency })
    for (const name of names) await queue.add(jobOf(`${name}/${name}`, { queue: name, listener: name, unique: name }))
    const runs = await handler.ran(names.length)
    assert.deepEqual(runs.map(({ job }) => job.queue).sort(), [...names].sort())
    assert.deepEqual(runs.map(({ job }) => job.id).sort(), names.map((name) => `${name}/${name}`).sort())
  })

  it('runs what was added before anyone worked', async ({ queue, pass }) => {
    await queue.add(jobOf('a'))
    await pass(50)
    await work(queue).ran(1)
  })

  it('runs a delayed job when its delay is over, and not before', async ({ queue, pass }) => {
    const hand = work(queue)
    await queue.add(jobOf('a', { delay: 600 }))
    await pass(200)
    assert.equal(hand.runs.length, 0)
    await pass(500)
    await hand.ran(1)
  })

  it('runs a job again, after as long as the outcome says, and counts the runs', async ({ queue, pass }) => {
    const waits = [200, 600]
    const hand = work(queue, async (_, attempt) => (attempt < 3 ? again(waits[attempt - 1]) : done))
    await queue.add(jobOf('a', { attempts: 3 }))
    await hand.ran(1)
    await pass(300)
    await hand.ran(2)
    await pass(300)
    assert.equal(hand.runs.length, 2)
    await pass(400)
    assert.deepEqual(
      (await hand.ran(3)).map(({ attempt }) => attempt),
      [1, 2, 3],
    )
  })

  it('runs a job again at once where the outcome says 0', async ({ queue, pass }) => {
    const hand = work(queue, async (_, attempt) => (attempt < 3 ? again(0) : done))
    await queue.add(jobOf('a', { attempts: 3 }))
    await hand.ran(1)
    await pass(0)
    await hand.ran(2)
    await pass(0)
    await hand.ran(3)
  })

  it('gives each run a job of its own, whatever an earlier one did to it', async ({ queue, pass }) => {
    const hand = work(queue, async (job, attempt) => {
      Object.assign(job.event, { data: 'changed' })
      return attempt < 2 ? again(0) : done
    })
    await queue.add(jobOf('a', { attempts: 2, event: { ...event, data: 'as added' } }))
    await hand.ran(1)
    await pass(0)
    assert.equal((await hand.ran(2))[1]?.job.event.data, 'as added')
  })

  it('takes a job of the same id only once while it is kept, and again when it is done', async ({ queue, pass }) => {
    const hand = work(queue)
    await queue.add(jobOf('a', { delay: 200 }))
    await queue.add(jobOf('a', { delay: 200 }))
    await pass(300)
    await hand.ran(1)
    await hand.settled(queue)
    await queue.add(jobOf('b'))
    await hand.ran(2)
    await hand.settled(queue)
    await queue.add(jobOf('a'))
    const ids = (await hand.ran(3)).map(({ job }) => job.id)
    assert.deepEqual(ids, ['a', 'b', 'a'])
  })

  it('takes one job of those that share a `unique`, until it is done or failed', async ({ queue, pass }) => {
    const gate = createGate()
    const hand = work(queue, async (job) => {
      if (job.id === 'a') await gate.passed
      return job.id === 'c' ? failure('no') : done
    })
    await queue.add(jobOf('a', { unique: 'one' }))
    await hand.ran(1)
    await queue.add(jobOf('b', { unique: 'one' }))
    await queue.add(jobOf('b', { unique: 'other' }))
    await hand.ran(2)
    gate.open()
    await hand.settled(queue)
    await queue.add(jobOf('c', { unique: 'one' }))
    await hand.ran(3)
    await hand.settled(queue)
    await queue.add(jobOf('d', { unique: 'one' }))
    await hand.ran(4)
    await pass(0)
    assert.deepEqual(
      hand.runs.map(({ job }) => `${job.id} ${job.unique}`),
      ['a one', 'b other', 'c one', 'd one'],
    )
  })

  it('runs no more jobs of a queue at a time than it was told, and all of them in the end', async ({ queue, pass }) => {
    const gate = createGate()
    const hand = work(queue, () => gate.passed.then(() => done))
    for (let index = 0; index < concurrency + 3; index++) await queue.add(jobOf(`job-${index}`))
    await hand.ran(concurrency)
    await pass(50)
    assert.equal(hand.runs.length, concurrency)
    gate.open()
    await hand.ran(concurrency + 3)
  })

  it('does not let the jobs of one queue wait for those of another', async ({ queue }) => {
    const gate = createGate()
    const hand = work(queue, (job) => (job.id === 'quick' ? Promise.resolve(done) : gate.passed.then(() => done)))
    queue.work('other', hand, { concurrency })
    for (let index = 0; index < concurrency + 1; index++) await queue.add(jobOf(`slow-${index}`))
    await queue.add(jobOf('quick', { queue: 'other' }))
    await hand.until(({ job }) => job.id === 'quick')
    gate.open()
  })

  it('leaves the jobs of a queue that nobody works on', async ({ queue, pass }) => {
    const hand = work(queue)
    await queue.add(jobOf('a', { queue: 'other' }))
    await queue.add(jobOf('b'))
    await hand.ran(1)
    await pass(50)
    assert.deepEqual(
      hand.runs.map(({ job }) => job.id),
      ['b'],
    )
  })

  it('refuses a second worker of a queue, and a concurrency that is no count', async ({ queue }) => {
    const invalid = { code: 'option_invalid' }
    work(queue)
    assert.throws(() => work(queue), invalid)
    for (const wrong of [0, -1, 1.5, Number.NaN, '3' as unknown as number]) {
      assert.throws(() => queue.work('other', recorder(), { concurrency: wrong }), invalid)
    }
  })

  it('tells once of a job that is given up, and keeps it with its error and the number of its runs', async (under) => {
    const { queue, pass } = under
    const hand = work(queue, async (_, attempt) => (attempt < 2 ? again(0) : failure('boom', 2)))
    await queue.add(jobOf('a', { attempts: 2 }))
    await hand.ran(1)
    await pass(0)
    await hand.gaveUp(1)
    assert.deepEqual(hand.failures[0]?.job, jobOf('a', { attempts: 2 }))
    assert.equal(hand.failures[0]?.attempts, 2)
    const [kept, ...more] = await queue.failed.list()
    assert.deepEqual(more, [])
    assert.ok(kept)
    const { stack, ...error } = kept.error
    assert.deepEqual(
      { ...kept, error, at: typeof kept.at },
      {
        job: jobOf('a', { attempts: 2 }),
        error: { name: 'RangeError', message: 'boom', code: 'E_BOOM' },
        attempts: 2,
        at: 'number',
      },
    )
    assert.match(stack ?? '', /RangeError: boom\n/)
    assert.deepEqual(await queue.failed.get('a'), kept)
    assert.equal(await queue.failed.get('b'), undefined)
    await queue.close()
    assert.equal(hand.failures.length, 1)
  })

  it('tells nothing of a job that succeeds in the end', async ({ queue, pass }) => {
    const hand = work(queue, async (_, attempt) => (attempt < 2 ? again(0) : done))
    await queue.add(jobOf('a', { attempts: 2 }))
    await hand.ran(1)
    await pass(0)
    await hand.ran(2)
    await hand.settled(queue)
    assert.deepEqual(hand.failures, [])
    assert.deepEqual(await queue.failed.list(), [])
  })

  it('lists failed jobs from the latest on, those that are asked for', async ({ queue, pass }) => {
    const all = await giveUp(queue, pass, ['a', 'b', 'c'], ['d'])
    const ids = async (selection?: Parameters<typeof queue.failed.list>[0]) =>
      (await queue.failed.list(selection)).map(({ job }) => job.id)
    assert.deepEqual(await ids(), ['d', 'c', 'b', 'a'])
    assert.deepEqual(await ids({ limit: 2 }), ['d', 'c'])
    assert.deepEqual(await ids({ queue: 'default' }), ['c', 'b', 'a'])
    assert.deepEqual(await ids({ queue: 'default', limit: 1 }), ['c'])
    assert.deepEqual(await ids({ before: all.at(-2)?.at ?? 0 }), ['b', 'a'])
    assert.deepEqual(await ids({ id: 'b' }), ['b'])
    assert.deepEqual(await ids({ id: 'b', queue: 'other' }), [])
  })

  it('forgets the failed jobs that are named, and says how many', async ({ queue, pass }) => {
    const all = await giveUp(queue, pass, ['a', 'b', 'c'], ['d'])
    assert.equal(await queue.failed.forget({ before: all[1]?.at ?? 0 }), 1)
    assert.equal(await queue.failed.forget({ id: 'a' }), 0)
    assert.equal(await queue.failed.forget({ queue: 'other' }), 1)
    assert.equal(await queue.failed.forget({ id: 'b' }), 1)
    assert.equal(await queue.failed.forget({}), 1)
    assert.deepEqual(await queue.failed.list(), [])
  })

  it('runs failed jobs again when they are retried, as if they had never run, and without their end', async (under) => {
    const { queue } = under
    let isMended = false
    const hand = work(queue, async () => (isMended ? done : failure('boom')))
    const job = jobOf('a', { attempts: 1, until: 1, unique: 'one', delay: 0 })
    await queue.add(job)
    await hand.gaveUp(1)
    await hand.settled(queue)
    isMended = true
    assert.equal(await queue.failed.retry({ id: 'b' }), 0)
    assert.equal(await queue.failed.retry({ id: 'a' }), 1)
    assert.deepEqual(await queue.failed.list(), [])
    const { until: _, ...rest } = job
    assert.deepEqual((await hand.ran(2))[1], { job: rest, attempt: 1 })
    await hand.settled(queue)
    assert.equal(await queue.failed.retry({}), 0)
  })

  it('retries all failed jobs of a queue, and no other', async ({ queue, pass }) => {
    await giveUp(queue, pass, ['a', 'b'], ['d'])
    assert.equal(await queue.failed.retry({ queue: 'other' }), 1)
    assert.deepEqual(
      (await queue.failed.list()).map(({ job }) => job.id),
      ['b', 'a'],
    )
  })

  it('takes a job that failed before as a new one, in the place of the failed one', async ({ queue }) => {
    let isMended = false
    const hand = work(queue, async () => (isMended ? done : failure('boom')))
    await queue.add(jobOf('a'))
    await hand.gaveUp(1)
    await hand.settled(queue)
    isMended = true
    await queue.add(jobOf('a'))
    assert.equal((await hand.ran(2))[1]?.attempt, 1)
    await hand.settled(queue)
    assert.deepEqual(await queue.failed.list(), [])
  })

  it('counts the jobs of each queue', async ({ queue, pass }) => {
    const gate = createGate()
    const hand = work(queue, (job) => (job.id === 'no' ? Promise.resolve(failure('no')) : gate.passed.then(() => done)))
    await queue.add(jobOf('no'))
    await hand.gaveUp(1)
    for (let index = 0; index < concurrency + 2; index++) await queue.add(jobOf(`job-${index}`))
    await hand.ran(concurrency + 1)
    await queue.add(jobOf('later', { delay: 60_000 }))
    await queue.add(jobOf('elsewhere', { queue: 'another' }))
    await pass(0)
    const none = { waiting: 0, delayed: 0, running: 0, failed: 0 }
    assert.deepEqual(await queue.counts(), [
      { ...none, queue: 'another', waiting: 1 },
      { queue: 'default', waiting: 2, delayed: 1, running: concurrency, failed: 1 },
    ])
    gate.open()
    await hand.ran(concurrency + 3)
  })

  it('counts a job whose time has come as one that waits', async ({ queue, pass }) => {
    await queue.add(jobOf('a', { delay: 50 }))
    await pass(100)
    assert.deepEqual(await queue.counts(), [{ queue: 'default', waiting: 1, delayed: 0, running: 0, failed: 0 }])
  })

  it('waits for the running jobs when it is closed, takes what they add, and then no more', async ({
    queue,
    pass,
    another,
  }) => {
    const gate = createGate()
    const hand = work(queue, async (job) => {
      await gate.passed
      if (job.id === 'a') await queue.add(jobOf('b'))
      return done
    })
    await queue.add(jobOf('a'))
    await hand.ran(1)
    let isClosed = false
    const closing = queue.close().then(() => {
      isClosed = true
    })
    await pass(50)
    assert.equal(isClosed, false)
    gate.open()
    await closing
    await assert.rejects(queue.add(jobOf('c')), { code: 'queue_closed' })
    const last = isDurable ? await work(await another()).ran(1) : (await hand.ran(2)).slice(1)
    assert.deepEqual(last, [{ job: jobOf('b'), attempt: 1 }])
  })

  it('gives the same promise to every close', async ({ queue }) => {
    assert.equal(queue.close(), queue.close())
    await queue.close()
  })

  if (!isDurable) return

  it('runs a job that another process has added, soon', async ({ queue, another }) => {
    const hand = work(await another())
    await queue.add(jobOf('a'))
    await hand.ran(1)
    await hand.settled(queue)
  })

  it('runs each job in one of the processes that work on a queue', async ({ queue, another }) => {
    const hands = [work(queue), work(await another())]
    for (let index = 0; index < 100; index++) await queue.add(jobOf(`job-${index}`))
    await Promise.all(hands.map((hand) => hand.settled(queue)))
    const ids = hands.flatMap(({ runs }) => runs.map(({ job }) => job.id))
    assert.equal(ids.length, 100)
    assert.equal(new Set(ids).size, 100)
  })

  it('keeps what waits when it is closed, for the next process', async ({ queue, another, pass }) => {
    const gate = createGate()
    const hand = work(queue, () => gate.passed.then(() => again(100)))
    await queue.add(jobOf('retried', { attempts: 2 }))
    await hand.ran(1)
    await queue.add(jobOf('delayed', { delay: 200 }))
    const closing = queue.close()
    gate.open()
    await closing
    assert.deepEqual(hand.failures, [])
    const next = work(await another())
    await pass(300)
    const runs = await next.ran(2)
    assert.deepEqual(runs.map(({ job, attempt }) => `${job.id} ${attempt}`).sort(), ['delayed 1', 'retried 2'])
  })

  it('gives back a job that the worker broke off, and counts that run', async ({ queue, another }) => {
    const gate = createGate()
    const hand = work(queue, () => gate.passed.then(() => ({ kind: 'returned', error: new Error('stopped') })))
    await queue.add(jobOf('a', { attempts: 2 }))
    await hand.ran(1)
    const closing = queue.close()
    gate.open()
    await closing
    assert.deepEqual(hand.failures, [])
    assert.deepEqual(await work(await another()).ran(1), [{ job: jobOf('a', { attempts: 2 }), attempt: 2 }])
  })

  it('shows failed jobs to other processes, which may retry them', async ({ queue, another }) => {
    let isMended = false
    const hand = work(queue, async () => (isMended ? done : failure('boom')))
    await queue.add(jobOf('a'))
    await hand.gaveUp(1)
    await hand.settled(queue)
    isMended = true
    const other = await another()
    assert.equal((await other.failed.get('a'))?.error.message, 'boom')
    assert.equal(await other.failed.retry({ id: 'a' }), 1)
    assert.equal((await hand.ran(2))[1]?.attempt, 1)
  })
}

interface Run {
  readonly job: Job
  readonly attempt: number
}

interface Failure {
  readonly job: Job
  readonly error: unknown
  readonly attempts: number
}

/** A handler that writes down what it is given, as it is when the run begins. */
interface Recorder extends JobHandler {
  readonly runs: readonly Run[]
  readonly failures: readonly Failure[]
  /** All runs, once there are so many. */
  ran(count: number): Promise<readonly Run[]>
  until(isIt: (run: Run) => boolean): Promise<void>
  /** Resolves when so many jobs were given up. */
  gaveUp(count: number): Promise<void>
  /** Resolves when the queue has nothing waiting or running. */
  settled(queue: Queue): Promise<void>
}

/** How long anything may take, in ms: the queue under test may be a server's. */
const patience = 10_000

function work(queue: Queue, run?: JobHandler['run']): Recorder {
  const handler = recorder(run)
  queue.work('default', handler, { concurrency })
  return handler
}

function recorder(run: JobHandler['run'] = async () => done): Recorder {
  const runs: Run[] = []
  const failures: Failure[] = []
  const { changed, when } = createWatch()
  return {
    runs,
    failures,
    failed(job, error, attempts) {
      failures.push({ job, error, attempts })
      changed()
    },
    gaveUp: (count) => when(() => failures.length >= count, `${count} failures`),
    async ran(count) {
      await when(() => runs.length >= count, `${count} runs`)
      return runs
    },
    until: (isIt) => when(() => runs.some(isIt), 'the run'),
    async settled(queue) {
      const end = Date.now() + patience
      for (;;) {
        const counts = await queue.counts()
        if (counts.every(({ waiting, running }) => waiting + running === 0)) return
        assert.ok(Date.now() < end, `still at work: ${JSON.stringify(counts)}`)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    },
    run(job, attempt) {
      runs.push({ job: structuredClone(job), attempt })
      changed()
      return run(job, attempt)
    },
  }
}

/** Waits for what is looked at again whenever something has changed. */
function createWatch() {
  const waiting = new Set<() => void>()
  const changed = () => {
    for (const look of waiting) look()
  }
  const when = (isSo: () => boolean, what: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!isSo()) return
        clearTimeout(timer)
        waiting.delete(look)
        resolve()
      }
      const timer = setTimeout(() => reject(new Error(`${what} did not come`)), patience)
      waiting.add(look)
      look()
    })
  return { changed, when }
}

/**
 * Has jobs given up, one after the other and a moment apart: those of the default queue, then those of `other`. Any later run of them
 * succeeds, so that one that is retried is gone from the failed ones, however soon it is run.
 */
async function giveUp(
  queue: Queue,
  pass: QueueUnderTest['pass'],
  ids: readonly string[],
  others: readonly string[],
): Promise<readonly FailedJob[]> {
  const failed = new Set<string>()
  const hand = work(queue, async ({ id }) => {
    if (failed.has(id)) return done
    failed.add(id)
    return failure('boom')
  })
  queue.work('other', hand, { concurrency: 1 })
  const jobs = [...ids.map((id) => jobOf(id)), ...others.map((id) => jobOf(id, { queue: 'other' }))]
  for (const [index, job] of jobs.entries()) {
    await queue.add(job)
    await hand.gaveUp(index + 1)
    await hand.settled(queue)
    await pass(5)
  }
  return (await queue.failed.list()).toReversed()
}

const event = {
  id: 'e',
  name: 'NewMessage',
  data: { text: 'Hello', deep: [1, null, { yes: true }] },
  at: 1_700_000_000_000,
}

function jobOf(id: string, fields: Partial<Job> = {}): Job {
  return { id, queue: 'default', listener: 'send-push', event, delay: 0, attempts: 1, backoff: [0], ...fields }
}

function again(after = 0): Outcome {
  return { kind: 'retry', after, error: new Error('not yet') }
}

function failure(message: string, attempts = 1): Outcome {
  return { kind: 'failed', error: Object.assign(new RangeError(message), { code: 'E_BOOM' }), attempts }
}

/** What jobs wait at until the test lets them through. */
function createGate(): { open(): void; readonly passed: Promise<void> } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), passed }
}
