import { ErrorReply } from 'redis'
import { MillraceError, messageOf } from '../../base/errors.ts'

/**
 * What a failed call says.
 *
 * | fault       | is                                                                   | what was asked for                       |
 * | ----------- | -------------------------------------------------------------------- | ---------------------------------------- |
 * | `misplaced` | the server is a replica, or became one                               | was not done; the master may be reached by another connection |
 * | `busy`      | the server loads its data, or runs a script that is too long         | was not done; it can be soon              |
 * | `refused`   | the server does not want to: it cannot save, lacks replicas, forbids it | was not done, and will not be             |
 * | `silent`    | the connection was lost, or there is no answer                       | may have been done                       |
 */
export type Fault = 'misplaced' | 'busy' | 'refused' | 'silent'

export function faultOf(error: unknown): Fault {
  if (!(error instanceof ErrorReply)) return 'silent'
  if (/^(READONLY|MASTERDOWN)\b/.test(error.message)) return 'misplaced'
  if (/^(LOADING|BUSY)\b/.test(error.message)) return 'busy'
  // A WAIT that ended because the server is a master no longer.
  return /^UNBLOCKED\b/.test(error.message) ? 'silent' : 'refused'
}

const stories: Readonly<Record<Fault, string>> = {
  misplaced: 'The Redis that was reached is not the master',
  busy: 'Redis is not ready',
  refused: 'Redis refused',
  silent: 'Redis did not answer',
}

export function toUnavailable(fault: Fault, cause: unknown): MillraceError {
  const why = messageOf(cause)
  const what =
    fault === 'silent'
      ? 'A message may have been published all the same; with an id, it stays one.'
      : 'Nothing was done.'
  return new MillraceError('broker_unavailable', `${stories[fault]}: ${why}. ${what} Try again.`, { cause })
}

/** For one message of several whose call was done: what the server says of it. */
export function toRefused(why = 'it gave no answer'): MillraceError {
  return toUnavailable('refused', new Error(why))
}
