// Run by `child.ts`, on what was built: adds jobs without end, and tells on its stdout of each that was acknowledged.

import { writeSync } from 'node:fs'
import { diskQueue } from '../../../../dist/disk.js'
import { jobOf } from './job.js'

const [dir = '', round = ''] = process.argv.slice(2)
const queue = diskQueue(dir)
let next = 0

async function addWithoutEnd() {
  for (;;) {
    const id = `${round}-${next++}`
    await queue.add(jobOf(id))
    // Written at once, and not when the event loop comes to it: what is said here was acknowledged before the kill.
    writeSync(1, `${id}\n`)
  }
}
for (let adder = 0; adder < 8; adder++) void addWithoutEnd()
