/** Where time comes from. Tests give their own; everything else uses {@link systemClock}. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls `run` once, `ms` milliseconds from now; the result cancels it. MUST NOT keep the process alive. */
  after(ms: number, run: () => void): () => void
  /** Calls `run` every `ms` milliseconds; the result ends it. MUST NOT keep the process alive. */
  every(ms: number, run: () => void): () => void
}

/** The longest time that a timer of Node or a browser takes, in ms; one that is longer fires at once. */
export const longestTimer = 2 ** 31 - 1

export const systemClock: Clock = {
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, ms)
    unref(timer)
    return () => clearTimeout(timer)
  },
  every(ms, run) {
    const timer = setInterval(run, ms)
    unref(timer)
    return () => clearInterval(timer)
  },
}

/** Browsers and workers number their timers, and such a timer keeps nothing alive. */
function unref(timer: unknown): void {
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
    timer.unref()
}
