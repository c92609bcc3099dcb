/**
 * Calls `run` once this turn of the event loop has handled all that was waiting on its sockets.
 *
 * In Node that is `setImmediate`: what a burst of reads brought in is handled before it, so one call serves all of it, and
 * on a quiet loop it follows at once. Elsewhere a zero timer is the nearest thing.
 */
export const endOfTurn: (run: () => void) => void =
  typeof setImmediate === 'function' ? (run) => void setImmediate(run) : (run) => void setTimeout(run, 0)
