import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Job, JobHandler, JobOptions, Queue } from '../../src/queue/port.ts'

/** A queue to be tested, and the passing of its time. */
export interface QueueUnderTest {
  readonly queue: Queue
  /** How many jobs of one name it runs at a time. */
  readonly concurrency: number
  /** Lets `ms` milliseconds pass for the queue: on a clock of the test's own, or in truth. */
  pass(ms: number): Promise<void>
}

const once: JobOptions = { name: 'default', delay: 0, attempts: 1, backoff: [0] }

/** What `src/queue/port.ts` says, as tests: run over every driver. */
export function queueContract(driver: string, create: () => QueueUnderTest | Promise<QueueUnderTest>): void {
  describe(`${driver}, as a queue`, () => {
    it('gives the job to the handler as it was added, and says that it is the first run', async () => {
      const { queue } = await open()
      const { runs } = work(queue)
      await queue.add(jobOf('a'), once)
      await vi.waitFor(() => expect(runs).toHaveLength(1), fast)
      expect(runs[0]).toStrictEqual({ job: jobOf('a'), attempt: 1 })
    })

    it('does not run a job before the turn in which it was added is over', async () => {
      const { queue } = await open()
      const { runs } = work(queue)
      const added = queue.add(jobOf('a'), once)
      expect(runs).toHaveLength(0)
      await added
      await vi.waitFor(() => expect(runs).toHaveLength(1), fast)
    })

    it('takes the job by value', async () => {
      const { queue } = await open()
      const { runs } = work(queue)
      const data = { text: 'as added' }
      await queue.add(jobOf('a', data), once)
      data.text = 'changed'
      await vi.waitFor(() => expect(runs).toHaveLength(1), fast)
      expect(runs[0]?.job.event.data).toEqual({ text: 'as added' })
    })

    it('runs what was added before anyone worked', async () => {
      const { queue, pass } = await open()
      await queue.add(jobOf('a'), once)
      await pass(100)
      const { runs } = work(queue)
      await vi.waitFor(() => expect(runs).toHaveLength(1), fast)
    })

    it('runs a delayed job when its delay is over, and not before', async () => {
      const { queue, pass } = await open()
      const { runs } = work(queue)
      await queue.add(jobOf('a'), { ...once, delay: 1_000 })
      await pass(500)
      expect(runs).toHaveLength(0)
      await pass(600)
      await vi.waitFor(() => expect(runs).toHaveLength(1), fast)
    })

    it('runs a failed job again after its backoff, the last of which stands for all that follow', async () => {
      const { queue, pass } = await open()
      const { runs } = work(queue, () => Promise.reject(new Error('not yet')))
      await queue.add(jobOf('a'), { ...once, attempts: 4, backoff: [200, 1_000] })
      await vi.waitFor(() => expect(runs).toHaveLength(1), fast)
      await pass(300)
      await vi.waitFor(() => expect(runs).toHaveLength(2), fast)
      await pass(500)
      expect(runs).toHaveLength(2)
      await pass(600)
      await vi.waitFor(() => expect(runs).toHaveLength(3), fast)
      await pass(500)
      expect(runs).toHaveLength(3)
      await pass(600)
      await vi.waitFor(() => expect(runs).toHaveLength(4), fast)
      expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4])
    })

    it('gives each run a job of its own, whatever an earlier one did to it', async () => {
      const { queue } = await open()
      const { runs } = work(queue, (job) => {
        const { event } = job as { event: { data: unknown } }
        event.data = 'changed'
        return Promise.reject(new Error('not yet'))
      })
      await queue.add(jobOf('a', 'as added'), { ...once, attempts: 2 })
      await vi.waitFor(() => expect(runs).toHaveLength(2), fast)
      expect(runs[1]?.job.event.data).toBe('as added')
    })

    it('tells once of a job that has failed in all its runs, with the last error', async () => {
      const { queue } = await open()
      const { failures } = work(queue, (_, { attempt }) => Promise.reject(new Error(`run ${attempt}`)))
      await queue.add(jobOf('a'), { ...once, attempts: 2 })
      await vi.waitFor(() => expect(failures).toHaveLength(1), fast)
      expect(failures[0]).toMatchObject({ job: jobOf('a'), error: { message: 'run 2' }, attempt: 2 })
      await queue.close()
      expect(failures).toHaveLength(1)
    })

    it('tells nothing of a job that succeeds in the end', async () => {
      const { queue } = await open()
      const { runs, failures } = work(queue, async (_, { attempt }) => {
        if (attempt < 3) throw new Error('not yet')
      })
      await queue.add(jobOf('a'), { ...once, attempts: 3 })
      await vi.waitFor(() => expect(runs).toHaveLength(3), fast)
      await queue.close()
      expect(failures).toEqual([])
    })

    it('takes a job of the same id only once while it is kept', async () => {
      const { queue, pass } = await open()
      const { runs } = work(queue)
      await queue.add(jobOf('a'), { ...once, delay: 200 })
      await queue.add(jobOf('a'), { ...once, delay: 200 })
      await pass(300)
      await queue.add(jobOf('b'), once)
      await vi.waitFor(() => expect(runs.some(({ job }) => job.id === 'b')).toBe(true), fast)
      await queue.close()
      expect(runs.filter(({ job }) => job.id === 'a')).toHaveLength(1)
    })

    it('runs no more jobs of a name at a time than it says, and all of them in the end', async () => {
      const { queue, concurrency, pass } = await open()
      const gate = new Gate()
      const { runs } = work(queue, () => gate.passed)
      for (let index = 0; index < concurrency + 3; index++) await queue.add(jobOf(`job-${index}`), once)
      await vi.waitFor(() => expect(runs).toHaveLength(concurrency), fast)
      await pass(50)
      expect(runs).toHaveLength(concurrency)
      gate.open()
      await vi.waitFor(() => expect(runs).toHaveLength(concurrency + 3), fast)
    })

    it('does not let the jobs of one name wait for those of another', async () => {
      const { queue, concurrency } = await open()
      const gate = new Gate()
      const { runs } = work(queue, (job) => (job.id === 'quick' ? Promise.resolve() : gate.passed))
      for (let index = 0; index < concurrency + 1; index++) await queue.add(jobOf(`slow-${index}`), once)
      await queue.add(jobOf('quick'), { ...once, name: 'other' })
      await vi.waitFor(() => expect(runs.some(({ job }) => job.id === 'quick')).toBe(true), fast)
      gate.open()
    })

    it('refuses a second handler', async () => {
      const { queue } = await open()
      work(queue)
      expect(() => work(queue)).toThrow(expect.objectContaining({ code: 'option_invalid' }))
    })

    it('waits for the running jobs when it is closed, and then takes no more', async () => {
      const { queue, pass } = await open()
      const gate = new Gate()
      const { runs } = work(queue, () => gate.passed)
      await queue.add(jobOf('a'), once)
      await vi.waitFor(() => expect(runs).toHaveLength(1), fast)
      let closed = false
      const closing = queue.close().then(() => {
        closed = true
      })
      await pass(50)
      expect(closed).toBe(false)
      await expect(queue.add(jobOf('b'), once)).rejects.toMatchObject({ code: 'queue_closed' })
      gate.open()
      await closing
    })

    it('gives the same promise to every close', async () => {
      const { queue } = await open()
      expect(queue.close()).toBe(queue.close())
      await queue.close()
    })
  })

  async function open(): Promise<QueueUnderTest> {
    const opened = await create()
    onTestFinished(() => opened.queue.close())
    return opened
  }
}

/** How eagerly to look: the queue under test may be in another process. */
const fast = { interval: 2, timeout: 5_000 }

interface Run {
  readonly job: Job
  readonly attempt: number
}

interface Failure {
  readonly job: Job
  readonly error: unknown
  readonly attempt: number
}

/** Works on the queue and writes down what it is given, as it is when the run begins. */
function work(queue: Queue, run: JobHandler['run'] = () => Promise.resolve()) {
  const runs: Run[] = []
  const failures: Failure[] = []
  queue.work({
    run(job, context) {
      runs.push({ job: structuredClone(job), attempt: context.attempt })
      return run(job, context)
    },
    failed(job, error, attempt) {
      failures.push({ job, error, attempt })
    },
  })
  return { runs, failures }
}

function jobOf(id: string, data: unknown = { text: 'Hello', deep: [1, null, { yes: true }] }): Job {
  return { id, listener: 'send-push', event: { id: `event-of-${id}`, name: 'NewMessage', data, at: 1_700_000_000_000 } }
}

/** What jobs wait at until the test lets them through. */
class Gate {
  open: () => void = () => {}
  readonly passed = new Promise<void>((resolve) => {
    this.open = resolve
  })
}
