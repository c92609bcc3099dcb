// Run by `child.ts`, on what was built: opens the queue, adds a job, and closes.

import { diskQueue } from '../../../../dist/disk.js'
import { jobOf } from './job.js'

const [dir = '', id = ''] = process.argv.slice(2)
const queue = diskQueue(dir)
await queue.add(jobOf(id))
await queue.close()
