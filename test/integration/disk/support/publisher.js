// Run by `child.ts`, on what was built: a program that appends without end, and tells on its stdout what was acknowledged.

import { writeSync } from 'node:fs'
import { disk } from '../../../../dist/disk.js'

const [dir = '', round = ''] = process.argv.slice(2)
const channelSets = [['a'], ['b'], ['a', 'b'], ['c']]
const kept = { count: 1_000_000, age: 86_400_000, bytes: 1_000_000_000 }

const broker = disk(dir)

async function publish(number) {
  const channels = channelSets[number % channelSets.length]
  const id = `${round}-${number}`
  const data = JSON.stringify({ id, filling: 'x'.repeat((number * 37) % 3_000) })
  const position = await broker.append({ channels, data, id, retention: channels.map(() => kept) })
  // Written at once, and not when the event loop comes to it: what is said here was acknowledged before the kill.
  writeSync(1, `${id} ${position}\n`)
}

let next = 0
async function publishWithoutEnd() {
  for (;;) await publish(next++)
}
for (let publisher = 0; publisher < 8; publisher++) void publishWithoutEnd()
