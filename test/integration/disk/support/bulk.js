// Run by `memory.test.ts`, on what was built: writes a log of 100 MB, reads all of it, and tells what the process has grown by.

import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { disk } from '../../../../dist/disk.js'

const [dir = ''] = process.argv.slice(2)
const kept = { count: 1_000_000, age: 86_400_000, bytes: 1_000_000_000 }
const channels = ['a', 'b', 'c', 'd', 'e']
const broker = disk(dir)
let turn = 0
await append('first')

const before = memory()
for (let number = 0; number < 10_000; number += 50) {
  await Promise.all(Array.from({ length: 50 }, (_, index) => append(`${number + index} `.padEnd(10_240, 'x'))))
}
const written = memory()

let read = 0
for (const channel of channels) {
  let cursor = broker.at(0)
  for (;;) {
    const page = await broker.read(cursor, [channel], { entries: 100, bytes: 256 * 1024 })
    read += page.entries.length
    cursor = page.next
    if (page.done) break
    await setImmediate()
  }
}
const after = memory()
console.log(JSON.stringify({ read, written: difference(written), after: difference(after) }))
await broker.close()

function append(data) {
  return broker.append({ channels: [channels[turn++ % channels.length] ?? ''], data, retention: [kept] })
}

/** In MiB; `mapped` is what files that are mapped into memory count for. */
function memory() {
  const status = readFileSync('/proc/self/status', 'utf8')
  const mebibytes = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024
  return { all: mebibytes('VmRSS'), mapped: mebibytes('RssFile') }
}

function difference(now) {
  return { all: now.all - before.all, mapped: now.mapped - before.mapped }
}
