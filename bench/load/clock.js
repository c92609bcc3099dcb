// @ts-check

/** Microseconds of the system's monotonic clock, which all processes of a machine share; `performance.now` has an origin of its own in each. */
export function now() {
  const [seconds, nanoseconds] = process.hrtime()
  return Math.round(seconds * 1e6 + nanoseconds / 1e3)
}

/**
 * @param {number} ms
 * @returns {Promise<void>}
 */
export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
