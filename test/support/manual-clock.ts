export { ManualClock } from '../../src/testing/manual-clock.ts'

/** Ends after the jobs that this turn of the event loop has made due have started, and settled where they could. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
