// @ts-check

/**
 * @typedef {object} Timing
 * @property {string} name
 * @property {string} unit what the time is for
 * @property {number} ns for one of them: the median of the rounds
 * @property {number} least the quickest round, which the machine disturbed least
 */

const rounds = 15

/** How long a round takes, in ms. */
const roundTime = 40

/** What runs gave, so that nothing of them can be left out. */
let consumed = 0

/**
 * How long something takes, after it was run long enough to be compiled.
 *
 * @param {string} name
 * @param {string} unit
 * @param {number} count how many units one run is
 * @param {() => number} run MUST leave everything as it was, and give something that depends on all that it did
 * @returns {Timing}
 */
export function time(name, unit, count, run) {
  let runs = 1
  // Twice as often until it takes as long as a round is to take, which warms it up as well.
  while (timeOf(runs, run) < roundTime) runs *= 2
  const times = Array.from({ length: rounds }, () => (timeOf(runs, run) * 1e6) / runs / count).sort((a, b) => a - b)
  return { name, unit, ns: times[Math.floor(rounds / 2)] ?? 0, least: times[0] ?? 0 }
}

/**
 * @param {number} runs
 * @param {() => number} run
 */
function timeOf(runs, run) {
  const begun = performance.now()
  for (let count = 0; count < runs; count++) consumed = (consumed + run()) % 1e9
  const elapsed = performance.now() - begun
  if (!Number.isFinite(consumed)) throw new Error('A run gave no number, so it may have done nothing.')
  return elapsed
}
