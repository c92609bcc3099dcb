// Taken when this is loaded: a test that puts fake timers in their place later must not stop the hub and the queue.
const immediate = typeof setImmediate === 'function' ? setImmediate : undefined
const timeout = setTimeout

/**
 * Calls `run` once this turn of the event loop has handled all that was waiting on its sockets.
 *
 * In Node that is `setImmediate`: what a burst of reads brought in is handled before it, so one call serves all of it, and
 * on a quiet loop it follows at once. Elsewhere a zero timer is the nearest thing.
 */
export const endOfTurn: (run: () => void) => void =
  immediate === undefined ? (run) => void timeout(run, 0) : (run) => void immediate(run)
