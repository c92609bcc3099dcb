// A worker as a process of its own: `worker.js URL PREFIX FILE`. Each run is noted in the file before anything else is done.
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createEvents, defineEvent } from 'millrace'
import { bullmq } from 'millrace/bullmq'

const [url, prefix, file] = process.argv.slice(2)
const events = createEvents({ queue: bullmq(url, { prefix, lock: 1_000 }), onError: ({ code }) => console.log(code) })

events.listen(
  defineEvent('Counted'),
  async ({ data: { n, first = 2 } }, { attempt }) => {
    appendFileSync(file, `${n} ${attempt}\n`)
    await sleep(attempt === 1 ? first : 2)
    if (n % 50 === 0) throw new RangeError(`${n} never does`)
    if (n % 7 === 0 && attempt === 1) throw new Error(`${n} does it the next time`)
  },
  { id: 'count', queue: { attempts: 3, backoff: 10 } },
)

process.on('SIGTERM', () => events.close())
