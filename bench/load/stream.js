// @ts-check
import { now, sleep } from './clock.js'
import { Crowd } from './crowd.js'
import { toLayout } from './layout.js'
import { Payload } from './payload.js'
import { openPublisher } from './publisher.js'
import { Tally } from './tally.js'
import { mark } from './tell.js'

/** How long nothing may come before what is missing counts as lost, in ms: for those that may lose, and for those that may not. */
const patience = { lossy: 1_000, exact: 10_000 }

/** How long is waited for what is late, in ms, by servers that may lose. */
const lateness = 5_000

/**
 * Messages as fast as they go, or so many a second.
 *
 * @param {import('./main.js').LoadOptions} options
 * @returns {Promise<import('./main.js').LoadResult>}
 */
export async function runStream(options) {
  const { plan, urls, headers, warmUp, seconds, exact } = options
  if (plan.kind !== 'flood' && plan.kind !== 'pace') throw new TypeError(`${plan.kind} is another load`)
  const layout = toLayout(options.layout, urls.length)
  const payload = new Payload(options.payload)
  const tally = new Tally()
  const publisher = await openPublisher(options, { layout, payload })
  const onPiece = plan.kind === 'flood' ? atEndOfTurn(() => reportLeast()) : undefined
  const crowd = new Crowd({ urls, layout, payload, tally, headers, mayRetry: !exact, ...(onPiece && { onPiece }) })

  let least = 0
  const reportLeast = () => {
    const seq = crowd.followers.reduce((low, { seq }) => Math.min(low, seq), Number.POSITIVE_INFINITY)
    if (seq <= least) return
    least = seq
    publisher.arrived(seq)
  }

  await mark('started')
  await crowd.connectAll(publisher.probe)
  await crowd.confirm(publisher.probe)
  await mark('connected')
  publisher.begin(plan)
  await sleep(warmUp * 1000)
  await mark('begin')
  tally.from = now()
  await sleep(seconds * 1000)
  tally.to = now()
  await mark('end')
  const { published, lag } = await publisher.end()
  if (exact) await crowd.drain(published, patience.exact)
  else await Promise.race([crowd.drain(published, patience.lossy), sleep(lateness)])
  // A message too many would come now.
  await sleep(100)
  const missing = crowd.missing(published)
  if (exact && missing !== 0) crowd.fault(`${missing} deliveries of ${crowd.expected(published)} are missing`)
  publisher.close()
  crowd.close()
  return {
    seconds: (tally.to - tally.from) / 1e6,
    faults: crowd.faults,
    examples: crowd.examples,
    expected: crowd.expected(published),
    received: crowd.received,
    deliveries: tally.deliveries,
    pieces: tally.pieces,
    bytes: tally.bytes,
    encoding: /^content-encoding: *(\S+)/im.exec(crowd.readers[0]?.head ?? '')?.[1] ?? 'none',
    // Where a publisher goes as fast as messages arrive, how long they take says only how large its window is.
    ...(plan.kind === 'pace' && { latency: tally.latency.summary() }),
    lag,
  }
}

/** @param {() => void} run */
function atEndOfTurn(run) {
  let isDue = false
  return () => {
    if (isDue) return
    isDue = true
    setImmediate(() => {
      isDue = false
      run()
    })
  }
}
