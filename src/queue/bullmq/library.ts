import { createRequire } from 'node:module'
import type * as BullMQ from 'bullmq'
import type * as IORedis from 'ioredis'
import { MillraceError } from '../../base/errors.ts'
import type { Job } from '../job.ts'

// The one place that knows these packages by name.

export type { ConnectionOptions, IRedisClient as RedisClient, RedisOptions } from 'bullmq'

export type Library = typeof BullMQ

/** A job as BullMQ has it: ours is its data, the listener its name. */
export type Entry = BullMQ.Job<Job>
export type EntryQueue = BullMQ.Queue<Job>
export type EntryWorker = BullMQ.Worker<Job>

/** Whoever creates a queue has BullMQ; who passes their own client does without ioredis. Required, so that `bullmq()` can fail at once. */
export function loadBullmq(): Library {
  const library = load<Partial<Library>>('bullmq', 'npm install bullmq ioredis')
  // Those before 6 know one client only.
  if (library.createIORedisClient !== undefined) return library as Library
  const message =
    'The queue on Redis needs the package "bullmq" in version 6, and an earlier one is installed: npm install bullmq@6 ioredis'
  throw new MillraceError('dependency_missing', message)
}

export function loadIoredis(): typeof IORedis {
  return load('ioredis', 'npm install ioredis; or give bullmq() a client of the package "redis"')
}

function load<T>(name: string, remedy: string): T {
  try {
    return createRequire(import.meta.url)(name) as T
  } catch (cause) {
    throw new MillraceError('dependency_missing', `The queue on Redis needs the package "${name}": ${remedy}`, {
      cause,
    })
  }
}
