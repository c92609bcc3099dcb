// @ts-check
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { markdown } from './markdown.js'

/** @typedef {import('../micro/stopwatch.js').Timing} Timing */

const file = fileURLToPath(new URL('../micro/main.js', import.meta.url))

/** @returns {Promise<Timing[]>} */
export async function runMicro() {
  // In a process of its own, whose code nothing else has had compiled for other uses.
  const { stdout } = await promisify(execFile)(process.execPath, [file])
  return JSON.parse(stdout)
}

/** @param {readonly Timing[]} timings */
export function toMicroTable(timings) {
  const count = (/** @type {number} */ value) =>
    value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 })
  const lines = timings.map(({ name, unit, ns, least }) => [name, count(ns), count(least), unit, count(1e9 / ns)])
  return markdown(['micro', 'ns', 'least', 'for each', 'a second'], lines)
}
