import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { type DiskQueueOptions, diskQueue } from '../../../../src/queue/disk/disk-queue.ts'
import type { Job } from '../../../../src/queue/job.ts'
import type { Outcome, Queue } from '../../../../src/queue/port.ts'
import { until } from '../../../support/until.ts'

/** A directory that is removed with the test. */
export async function createDirectory(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-queue-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** A queue that is closed with the test, if not before. */
export function openQueue(dir: string, options: DiskQueueOptions = {}): Queue {
  const queue = diskQueue(dir, options)
  onTestFinished(() => queue.close())
  return queue
}

/** Works on the default queue; gives what was run, as `<id> <attempt>`. */
export function workOn(queue: Queue, run: (job: Job) => Promise<Outcome> = async () => ({ kind: 'done' })): string[] {
  const runs: string[] = []
  const handler = {
    run: (job: Job, attempt: number) => {
      runs.push(`${job.id} ${attempt}`)
      return run(job)
    },
    failed() {},
  }
  queue.work('default', handler, { concurrency: 10 })
  return runs
}

/** Runs one of the programs beside this file; it is killed with the test, if it has not ended before. */
export function start(program: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => kill(child))
  return child
}

/** kill -9. Resolves when it has ended. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** The lines of a file that others write, such as `begin 5 1`. */
export function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1)
  } catch {
    // Not there yet.
    return []
  }
}

export function untilLines(path: string, count: number): Promise<true> {
  return until(`${count} lines`, async () => linesOf(path).length >= count || undefined)
}

/** Resolves when the queue has nothing waiting, delayed or running. */
export function untilEmpty(queue: Queue): Promise<true> {
  return until('an empty queue', async () => {
    const counts = await queue.counts()
    return counts.every(({ waiting, delayed, running }) => waiting + delayed + running === 0) || undefined
  })
}
