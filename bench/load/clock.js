// @ts-check

/** Milliseconds from the origin of the system's monotonic clock to that of `performance.now`, which each process has for itself. */
const origin = toOrigin()

/** Whole microseconds of the system's monotonic clock, which all processes of a machine share. */
export function now() {
  return Math.round((origin + performance.now()) * 1000)
}

/**
 * @param {number} ms
 * @returns {Promise<void>}
 */
export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function toOrigin() {
  let [best, found] = [Number.POSITIVE_INFINITY, 0]
  // The two clocks are not read at once; of several tries the one with the least time between is nearest.
  for (let tries = 0; tries < 20; tries++) {
    const before = performance.now()
    const [seconds, nanoseconds] = process.hrtime()
    const after = performance.now()
    if (after - before >= best) continue
    best = after - before
    found = seconds * 1e3 + nanoseconds / 1e6 - (before + after) / 2
  }
  return found
}
