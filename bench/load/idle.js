// @ts-check
import { sleep } from './clock.js'
import { Crowd } from './crowd.js'
import { toLayout } from './layout.js'
import { Payload } from './payload.js'
import { openPublisher } from './publisher.js'
import { Tally } from './tally.js'
import { mark } from './tell.js'

/** How long the message at the end may take to everyone, in ms. */
const patience = 10_000

/**
 * Readers who get nothing. At the end they get one message, which shows that they were there.
 *
 * @param {import('./main.js').LoadOptions} options
 * @returns {Promise<import('./main.js').LoadResult>}
 */
export async function runIdle(options) {
  const { urls, headers, seconds, exact } = options
  // Each is read by itself: there is next to nothing to read, and a message of number 0 is not told to those who follow a reference.
  const layout = { ...toLayout(options.layout, urls.length), groupOf: () => undefined }
  const payload = new Payload(options.payload)
  const publisher = await openPublisher(options, { layout, payload })
  const crowd = new Crowd({ urls, layout, payload, tally: new Tally(), headers, mayRetry: !exact })
  // What a server needs for its first reader it needs once.
  await mark('started')
  await crowd.connectAll(publisher.probe)
  await mark('begin')
  await sleep(seconds * 1000)
  await mark('end')
  for (const follower of crowd.followers) follower.isReady = false
  await publisher.probe(layout.channels)
  const isThere = () => crowd.followers.every(({ isReady }) => isReady)
  if (!(await crowd.settle(isThere, patience))) crowd.fault('not everyone was still there at the end')
  const received = crowd.followers.filter(({ isReady }) => isReady).length
  publisher.close()
  crowd.close()
  return { seconds, faults: crowd.faults, examples: crowd.examples, expected: urls.length, received }
}
