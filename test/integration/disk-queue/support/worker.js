// Run by `child.ts`, on what was built: works on the queue until it is killed. The listener writes a line for each run that it begins and
// each that it ends, with O_APPEND: what is in the file was done, whatever became of the process.

import { appendFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { diskQueue } from '../../../../dist/disk.js'
import { createEvents } from '../../../../dist/index.js'
import { Order } from './order.js'

const [dir = '', journal = '', mode = ''] = process.argv.slice(2)
const events = createEvents({ queue: diskQueue(dir), onError: () => {} })

events.listen(
  Order,
  async ({ data }, { attempt }) => {
    appendFileSync(journal, `begin ${data.number} ${attempt}\n`)
    if (mode === 'hang') await new Promise(() => {})
    await setTimeout(data.number % 4)
    if (data.number % 50 === 0) throw new RangeError(`Order ${data.number} never goes through.`)
    if (data.number % 7 === 0 && attempt === 1) throw new Error('Not at the first time.')
    appendFileSync(journal, `end ${data.number} ${attempt}\n`)
  },
  { id: 'ship', queue: { attempts: 3, backoff: 0 } },
)
