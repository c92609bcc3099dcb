import { MillraceError } from '../base/errors.ts'
import { DispatchError } from '../events/dispatch-error.ts'

/**
 * What a failed dispatch means for its event.
 *
 * - `misfit`: its data does not fit, and will not the next time.
 * - `away`: nothing is wrong with it, but something that it needs is away (a broker, a queue): later ones would fare alike.
 * - `closed`: there is nobody to dispatch it to in this process any more.
 * - `failed`: a listener failed.
 */
export type Fault = 'misfit' | 'away' | 'closed' | 'failed'

export function faultOf(error: unknown): Fault {
  if (error instanceof DispatchError) {
    return error.failures.every(({ error }) => isAway(error)) ? 'away' : 'failed'
  }
  if (error instanceof MillraceError && error.code === 'events_closed') return 'closed'
  if (isAway(error)) return 'away'
  return error instanceof MillraceError ? 'misfit' : 'failed'
}

/** The codes with the status "Service Unavailable" are those of something that will be back, here or in another process. */
function isAway(error: unknown): boolean {
  return error instanceof MillraceError && error.status === 503
}
