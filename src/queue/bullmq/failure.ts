import { type JobError, toJobError } from '../failed.ts'
import type { Entry } from './library.ts'

/**
 * Thrown to BullMQ to have a job given up. BullMQ keeps the message as the reason and appends the stack to its list of stacks, in the
 * same step in which it moves the job to the failed ones; so the rest of what we keep goes in front of that list.
 */
export class GivenUp extends Error {
  readonly reason: unknown
  readonly attempts: number

  constructor(entry: Entry, reason: unknown, attempts: number) {
    const { message, stack, ...rest } = toJobError(reason)
    super(message)
    this.stack = stack ?? ''
    this.reason = reason
    this.attempts = attempts
    entry.stacktrace = [JSON.stringify({ ...rest, attempts })]
  }
}

/** What {@link GivenUp} has left with a failed job; or what there is, where something else gave it up. */
export function readFailure(entry: Entry): { readonly error: JobError; readonly attempts: number } {
  const [first, stack] = entry.stacktrace ?? []
  const message = entry.failedReason ?? ''
  const ours = parse(first)
  if (ours === undefined) {
    return { error: { name: 'Error', message, ...(first ? { stack: first } : {}) }, attempts: entry.attemptsStarted }
  }
  const { attempts, name, code } = ours
  return {
    error: { name, message, ...(code === undefined ? {} : { code }), ...(stack ? { stack } : {}) },
    attempts,
  }
}

function parse(text: string | undefined): { attempts: number; name: string; code?: string } | undefined {
  if (text === undefined || !text.startsWith('{')) return undefined
  try {
    const { attempts, name, code } = JSON.parse(text)
    if (typeof attempts !== 'number' || typeof name !== 'string') return undefined
    return { attempts, name, ...(typeof code === 'string' ? { code } : {}) }
  } catch {
    // A stack that begins like JSON.
    return undefined
  }
}
