import { longestTimer } from './clock.ts'

/**
 * Keeps the process alive until the result is called, as a server that listens does. Timers of the `Clock` do not: without this a
 * process that has a relay or a worker and nothing else would end without a word.
 */
export function keepAlive(): () => void {
  // It need not do anything.
  const timer = setInterval(() => undefined, longestTimer)
  return () => clearInterval(timer)
}
