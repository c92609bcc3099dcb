// The application of these tests: what its server dispatches, and `millrace work` runs. Each run writes a line into a file.

import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { createEvents, createHub, defineChannel, defineEvent } from 'millrace'
import { bullmq } from 'millrace/bullmq'
import { diskQueue } from 'millrace/disk'
import { redis } from 'millrace/redis'
import { z } from 'zod'

export function shopOf({ dir, redisUrl, prefix, log, version, isMended }) {
  // A lock of a second: what a killed worker had is then run again soon.
  const queue = redisUrl === undefined ? diskQueue(dir) : bullmq(redisUrl, { prefix, lock: 1_000 })
  const events = createEvents({ queue, work: false, onError: () => {} })
  const made = new Map()

  const write = (what, n, attempt) => appendFileSync(log, `${JSON.stringify({ what, n, attempt, at: Date.now() })}\n`)

  const dispatch = (name, data) => events.dispatch(made.get(name)(data))

  /** An event, and a listener on it that writes a line as it begins. */
  function on(name, options, run = () => {}, schema = undefined) {
    const definition = schema === undefined ? defineEvent(name) : defineEvent(name, schema)
    made.set(name, definition)
    const { onFailed, ...queueing } = options
    const failed = onFailed && {
      onFailed: (event, error) => write(`${name} onFailed: ${error.message}`, event.data.n, 0),
    }
    const listener = (event, context) => {
      write(name, event.data.n, context.attempt)
      return run(event, context)
    }
    events.listen(definition, listener, { id: name, queue: { backoff: 0, ...queueing }, ...failed })
  }

  on('work', { attempts: 3 }, async ({ data: { n, ms } }, { attempt }) => {
    await delay(ms)
    if (n % 10 === 3 && !isMended) throw new Error(`never ${n}`)
    if (n % 10 === 7 && attempt === 1) throw new Error(`not yet ${n}`)
    write('worked', n, attempt)
  })
  on('chain', { attempts: 2 }, async ({ data: { n } }) => {
    await delay(500)
    await dispatch('work', { n, ms: 0 })
  })
  on('hang', { attempts: 3 }, async ({ data: { n } }, { attempt, signal }) => {
    if (attempt > 1) return
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    write(`hang ${signal.reason.code}`, n, attempt)
  })
  on('deaf', { attempts: 3 }, (_, { attempt }) => (attempt > 1 ? undefined : new Promise(() => {})))

  on('timeout', { attempts: 2, timeout: 50, onFailed: true }, async ({ data: { n } }, { attempt, signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    write(`timeout ${signal.reason.code}`, n, attempt)
  })
  on('retry', { attempts: 2 }, (_, { attempt, retry }) => attempt === 1 && retry(20))
  on('retry-too-often', { attempts: 2 }, (_, { retry }) => retry(0, new Error('still busy')))
  on('fail', { attempts: 3, onFailed: true }, (_, { fail }) => fail(new Error('said so')))
  on('throw', { attempts: 2, backoff: [10, 20], onFailed: true }, () => {
    throw new Error('lost', { cause: new Error('the reason') })
  })
  on('when', { when: ({ data }) => data.n === 1 })
  on('unique', { unique: ({ data }) => data.key, delay: 200 })
  on('delay', { delay: 300 })
  on('until', { attempts: 1_000, backoff: 200, retryUntil: 1_000 }, () => {
    throw new Error('no luck')
  })
  on('expired', { delay: 100, retryUntil: 10 })
  const [text, number] = [
    z.object({ n: z.number(), total: z.string() }),
    z.object({ n: z.number(), total: z.number() }),
  ]
  on('poison', { onFailed: true }, () => {}, version === 1 ? text : number)
  if (version === 1) on('gone', { attempts: 2 })

  const news = defineChannel('news')
  const hub = redisUrl === undefined ? undefined : createHub({ channels: [news], broker: redis(redisUrl) })
  on('publish', { attempts: 2 }, async ({ data }, { attempt }) => {
    await hub?.publish(news(), { n: data.n })
    if (attempt === 1) throw new Error('after it was published')
  })

  return { events, hub, dispatch }
}

/** As the environment says: in the process of `millrace work`. */
export function shopOfEnvironment() {
  return shopOf({ ...JSON.parse(process.env.SHOP), version: 2 })
}
