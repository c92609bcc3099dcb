// Run by `trouble.test.ts`, on what was built, in a directory on a small disk: fills it, works there, makes room, and tells how that went.

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { diskQueue } from '../../../../dist/disk.js'
import { jobOf } from './job.js'

const [small = ''] = process.argv.slice(2)
const ballast = join(small, 'ballast')
const told = []
const runs = []
const acknowledged = []
let failed

const queue = diskQueue(join(small, 'data'), { onError: (error) => told.push(error.code) })
writeFileSync(ballast, Buffer.alloc(2 * 1024 * 1024))
for (let number = 0; failed === undefined; number += 4) {
  await Promise.all([0, 1, 2, 3].map((more) => add(`${number + more}`, 'x'.repeat(20_000))))
}
// Whatever room is left.
for (failed = undefined; failed === undefined; ) await add(`small ${acknowledged.length}`, '')

queue.work('default', { run, failed() {} }, { concurrency: 5 })
while (told.length === 0 && runs.length < acknowledged.length) await setTimeout(10)
const runsAtFull = runs.length
rmSync(ballast)
while (runs.length < acknowledged.length) await setTimeout(10)
const isMended = await add('there is room', '')
await queue.close()
console.log(
  JSON.stringify({
    code: failed.code,
    cause: failed.cause.message,
    count: acknowledged.length,
    told,
    runsAtFull,
    isMended,
    missing: acknowledged.filter((id) => id !== 'there is room' && !runs.includes(`${id} 1`)),
    again: runs.length - new Set(runs).size,
  }),
)

async function run(job, attempt) {
  runs.push(`${job.id} ${attempt}`)
  return { kind: 'done' }
}

async function add(id, text) {
  try {
    await queue.add(jobOf(id, { event: { id, name: 'Order', data: { text }, at: 1 } }))
    acknowledged.push(id)
    return true
  } catch (error) {
    failed ??= error
    return false
  }
}
