// Run by `full.test.ts`, on what was built, in a directory on a small disk: fills it, makes room, and tells how that went.

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { disk } from '../../../../dist/disk.js'

const [small = ''] = process.argv.slice(2)
const ballast = join(small, 'ballast')
const dir = join(small, 'data')
const kept = { count: 1_000_000, age: 86_400_000, bytes: 1_000_000_000 }
const acknowledged = []
let failed

let broker = disk(dir)
writeFileSync(ballast, Buffer.alloc(2 * 1024 * 1024))
await fill()
const atFull = await readAll(broker)
await broker.append(message('still full')).then(
  () => acknowledged.push('still full'),
  () => {},
)
rmSync(ballast)
const isMended = await append('there is room')
await broker.close()

broker = disk(dir)
const afterwards = await readAll(broker)
await broker.close()
console.log(
  JSON.stringify({
    count: acknowledged.length,
    code: failed.code,
    cause: failed.cause.message,
    isMended,
    missingAtFull: acknowledged.slice(0, atFull.length).filter((data) => !atFull.includes(data)),
    missing: acknowledged.filter((data) => !afterwards.includes(data)),
    unacknowledged: afterwards.filter((data) => !acknowledged.includes(data)).length,
  }),
)

function message(text) {
  return { channels: ['a'], data: text, retention: [kept] }
}

async function append(text) {
  try {
    await broker.append(message(text))
    acknowledged.push(text)
    return true
  } catch (error) {
    failed ??= error
    return false
  }
}

async function fill() {
  for (let number = 0; failed === undefined; number += 4) {
    await Promise.all([0, 1, 2, 3].map((more) => append(`${number + more} ${'x'.repeat(20_000)}`)))
  }
}

async function readAll(from) {
  const found = []
  let cursor = from.at(0)
  for (;;) {
    const page = await from.read(cursor, ['a'], { entries: 100, bytes: 1_000_000 })
    found.push(...page.entries.map(({ data }) => data))
    if (page.done) return found
    cursor = page.next
  }
}
