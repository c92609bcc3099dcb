import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Job } from '../../../../src/queue/job.ts'
import type { JobHandler, Queue } from '../../../../src/queue/port.ts'
import { type GuardedProcess, startGuarded } from '../../../support/guarded-process.ts'
import { until } from '../../../support/until.ts'

const program = fileURLToPath(new URL('./worker.js', import.meta.url))

/** Worker processes, and the file in which they note each run. */
export async function createWorkers(url: string, prefix: string) {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-queue-'))
  const file = join(dir, 'runs')
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const runs = async () => {
    const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(0, -1)
    return lines.map((line) => line.split(' ').map(Number) as [n: number, attempt: number])
  }
  return {
    async start(): Promise<GuardedProcess> {
      const worker = await startGuarded(process.execPath, [program, url, prefix, file], '')
      onTestFinished(() => worker.kill('SIGKILL'))
      return worker
    },
    runs,
    /** Resolves when there are so many. */
    ran: (count: number) => until(`${count} runs`, async () => ((await runs()).length >= count ? true : undefined)),
  }
}

/** Resolves when the queue has nothing that waits or runs. */
export function settled(queue: Queue): Promise<true> {
  return until('all jobs', async () => {
    const counts = await queue.counts()
    return counts.every(({ waiting, delayed, running }) => waiting + delayed + running === 0) || undefined
  })
}

export function jobOf(n: number, more: Partial<Job> = {}): Job {
  const event = { id: `e${n}`, name: 'Counted', at: 1_700_000_000_000, data: { n } }
  return {
    id: `e${n}/count`,
    queue: 'default',
    listener: 'count',
    event,
    delay: 0,
    attempts: 3,
    backoff: [10],
    ...more,
  }
}

/** A handler that counts, and fails on purpose what it is told to. */
export function createHandler(run: (job: Job, attempt: number) => Promise<boolean>) {
  const runs: string[] = []
  const failed: string[] = []
  const handler: JobHandler = {
    async run(job, attempt) {
      runs.push(job.id)
      if (await run(job, attempt)) return { kind: 'done' }
      const error = new Error(`run ${attempt} of ${job.id}`)
      return attempt < job.attempts ? { kind: 'retry', after: 10, error } : { kind: 'failed', error, attempts: attempt }
    },
    failed: (job) => void failed.push(job.id),
  }
  return { handler, runs, failed }
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}
