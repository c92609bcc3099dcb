// @ts-check
import { setTimeout as delay } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { createEvents, defineEvent, memoryQueue } from 'millrace'
import { bullmq } from 'millrace/bullmq'
import { diskQueue } from 'millrace/disk'

/**
 * A queue that is measured, at one of its ends: there is a process that hands jobs over, and one that runs them; with the queue in memory
 * they are one process.
 *
 * @typedef {object} End
 * @property {(data: JobData) => Promise<unknown>} add resolves when the job is kept
 * @property {() => Promise<void>} close
 *
 * @typedef {{ sent: number }} JobData microseconds
 *
 * @typedef {object} EndOptions
 * @property {string} dir
 * @property {string} redis
 * @property {((data: JobData) => void) | undefined} run what a worker does for a job; undefined where this end works on none
 * @property {number} concurrency
 */

/**
 * @param {import('millrace').Queue} queue
 * @param {EndOptions} options
 * @returns {End}
 */
function millrace(queue, { run, concurrency }) {
  const Job = /** @type {import('millrace').EventDefinition<string, JobData, JobData>} */ (defineEvent('Job'))
  const work = run === undefined ? false : { concurrency }
  const events = createEvents({ work, queue })
  events.listen(Job, ({ data }) => run?.(data), { id: 'run', queue: true })
  return { add: (data) => events.dispatch(Job(data)), close: () => events.close() }
}

/**
 * BullMQ by itself, as its manual has it.
 *
 * @param {EndOptions} options
 * @returns {End}
 */
function plain({ redis, run, concurrency }) {
  const connection = new Redis(redis, { maxRetriesPerRequest: null })
  const queue = new Queue('jobs', { connection, defaultJobOptions: { removeOnComplete: true, attempts: 3 } })
  const worker = run && new Worker('jobs', async ({ data }) => run(data), { connection, concurrency })
  return {
    add: (data) => queue.add('job', data),
    async close() {
      await worker?.close()
      await queue.close()
      connection.disconnect()
    },
  }
}

/** How many lists, each with a worker that looks by itself: or a few seconds would show a few jobs. */
const lists = 20

/** How long a worker of Laravel sleeps where it finds nothing, by default, in ms. */
const sleep = 3_000

/**
 * The recipe's way: a worker takes one job after the other, and where there is none, it sleeps and looks again.
 *
 * @param {EndOptions} options
 * @returns {End}
 */
function polling({ redis, run }) {
  const connection = new Redis(redis)
  const closing = new AbortController()
  let next = 0
  const loop = async (/** @type {number} */ list) => {
    // Each at a time of its own.
    await delay(Math.random() * sleep, undefined, closing)
    while (!closing.signal.aborted) {
      const text = await connection.lpop(`jobs:${list}`)
      if (text === null) await delay(sleep, undefined, closing)
      else run?.(JSON.parse(text))
    }
  }
  const loops = run === undefined ? [] : Array.from({ length: lists }, (_, list) => loop(list).catch(() => {}))
  return {
    add: (data) => connection.rpush(`jobs:${next++ % lists}`, JSON.stringify(data)),
    async close() {
      closing.abort()
      await Promise.all(loops)
      connection.disconnect()
    },
  }
}

/** @type {Readonly<Record<string, (options: EndOptions) => End>>} */
export const ways = {
  // Jobs are handed over faster than they run: more than its limit would wait.
  memory: (options) => millrace(memoryQueue({ limit: 100_000 }), options),
  disk: (options) => millrace(diskQueue(options.dir), options),
  bullmq: (options) => millrace(bullmq(options.redis), options),
  'BullMQ by itself': plain,
  polling,
}
