// @ts-check
import { runIdle } from './idle.js'
import { runStorm } from './storm.js'
import { runStream } from './stream.js'

/**
 * What the load is to do.
 *
 * @typedef {object} LoadOptions
 * @property {Plan} plan
 * @property {string[]} urls of the streams, one for each reader
 * @property {Readonly<Record<string, string>>} headers of each reader's request
 * @property {import('./layout.js').LayoutOptions} layout
 * @property {import('./payload.js').PayloadOptions} payload
 * @property {import('./ways.js').WayOptions | undefined} way undefined where the server publishes
 * @property {boolean} exact whether all must arrive; otherwise what does not is left out after a while
 * @property {number} warmUp seconds
 * @property {number} seconds
 *
 * @typedef {import('./driver.js').Plan | { kind: 'idle' | 'connect-storm' | 'resume-storm' }} Plan
 */

/**
 * What the load has seen. What a plan does not look at is left out.
 *
 * @typedef {object} LoadResult
 * @property {number} seconds how long was measured
 * @property {number} faults
 * @property {string[]} examples of them
 * @property {number} expected deliveries of all that was to be published
 * @property {number} received of those
 * @property {number} [deliveries] in the time that was measured
 * @property {number} [pieces] in which they came
 * @property {number} [bytes] on the wire in that time
 * @property {string} [encoding] of what came
 * @property {Summary} [answers] after how long connections were answered, in ms
 * @property {number} [retries] of connections that were refused or cut
 * @property {Summary} [latency] of the messages that were meant for that time, in ms
 * @property {Summary} [lag] of the publisher behind its own plan, in ms
 *
 * @typedef {ReturnType<import('./histogram.js').Histogram['summary']>} Summary
 */

/**
 * What the load says, and what it is told. It waits at a `mark` until that is answered with `marked`.
 *
 * @typedef {{ type: 'mark', name: string } | { type: 'driver', order: string, value: unknown }
 *   | { type: 'result', result: LoadResult } | { type: 'failed', reason: string }} FromLoad
 * @typedef {{ type: 'run', options: LoadOptions } | { type: 'marked' } | { type: 'driver', answer: unknown }} ToLoad
 */

const plans = {
  flood: runStream,
  pace: runStream,
  idle: runIdle,
  'connect-storm': runStorm,
  'resume-storm': runStorm,
}

process.on('disconnect', () => process.exit())
process.once('message', (/** @type {ToLoad} */ message) => {
  if (message.type !== 'run') return
  const { options } = message
  plans[options.plan.kind](options).then(
    (result) => process.send?.({ type: 'result', result }),
    (error) => process.send?.({ type: 'failed', reason: error instanceof Error ? error.message : String(error) }),
  )
})
