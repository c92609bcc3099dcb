// @ts-check
import { now, sleep } from './clock.js'
import { Crowd } from './crowd.js'
import { Histogram } from './histogram.js'
import { toLayout } from './layout.js'
import { Payload } from './payload.js'
import { openPublisher } from './publisher.js'
import { Scout } from './scout.js'
import { Tally } from './tally.js'
import { mark } from './tell.js'

/** How long everything may take, in ms. */
const patience = 60_000

/** Resumed from messages that are up to so many messages old. */
const oldest = 100

/**
 * All connect at once. For `connect-storm` that is all; with `resume-storm` each has had some of what was published before, and gets
 * the rest.
 *
 * @param {import('./main.js').LoadOptions} options
 * @returns {Promise<import('./main.js').LoadResult>}
 */
export async function runStorm(options) {
  const { plan, urls, headers, warmUp, exact } = options
  const layout = toLayout(options.layout, urls.length)
  const payload = new Payload(options.payload)
  const tally = new Tally()
  const publisher = await openPublisher(options, { layout, payload })
  const crowd = new Crowd({ urls, layout, payload, tally, headers, mayRetry: true })

  await mark('started')
  // The first reader costs a server what it has to do once.
  const scout = new Scout(urls[0] ?? '', payload)
  await scout.watch(publisher, plan.kind === 'resume-storm' ? warmUp : 0)
  const published = scout.seq
  const seqs = urls.map((_, index) =>
    plan.kind === 'resume-storm' ? Math.max(1, published - toAge(index)) : published,
  )
  for (const [index, follower] of crowd.followers.entries()) follower.seq = seqs[index] ?? 0
  const expected = seqs.reduce((sum, seq) => sum + published - seq, 0)

  await mark('begin')
  const begun = now()
  tally.from = begun
  for (const [index, seq] of seqs.entries()) {
    const id = scout.idOf(seq)
    crowd.connect(index, id === undefined ? {} : { 'Last-Event-ID': id })
  }
  const isAnswered = () => crowd.readers.every(({ answered }) => answered !== undefined)
  const isComplete = () => crowd.received >= expected && isAnswered()
  await crowd.settle(isComplete, patience)
  tally.to = now()
  await mark('end')
  const answers = new Histogram()
  for (const { answered } of crowd.readers) if (answered !== undefined) answers.record(answered - begun)

  const received = crowd.received
  const missing = crowd.readers.filter(({ answered }) => answered === undefined).length
  if (exact) {
    if (missing > 0) crowd.fault(`${missing} readers were not answered`)
    if (received !== expected) crowd.fault(`${received} messages came of ${expected}`)
    await crowd.confirm(publisher.probe)
  } else await Promise.race([crowd.confirm(publisher.probe), sleep(1000)]).catch((error) => crowd.fault(String(error)))
  scout.close()
  publisher.close()
  crowd.close()
  return {
    seconds: (tally.to - begun) / 1e6,
    faults: crowd.faults,
    examples: crowd.examples,
    expected: plan.kind === 'resume-storm' ? expected : urls.length,
    received: plan.kind === 'resume-storm' ? received : urls.length - missing,
    deliveries: tally.deliveries,
    answers: answers.summary(),
    retries: crowd.retries,
  }
}

/**
 * By chance, but the same in each run.
 *
 * @param {number} index
 */
function toAge(index) {
  return 1 + ((Math.imul(index + 1, 2654435761) >>> 8) % oldest)
}
