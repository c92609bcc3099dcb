/** Longer than this setInterval cannot wait, and it need not do anything. */
const longest = 2 ** 31 - 1

/**
 * Keeps the process alive until the result is called, as a server that listens does. Timers of the `Clock` do not: without this a
 * process that has a relay or a worker and nothing else would end without a word.
 */
export function keepAlive(): () => void {
  const timer = setInterval(() => undefined, longest)
  return () => clearInterval(timer)
}
