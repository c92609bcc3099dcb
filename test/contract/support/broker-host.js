// Run by `broker-shared.test.ts`, on what was built: has a broker, and serves it to the process that has started this one.

import { Socket } from 'node:net'
import { memory } from '../../../dist/broker/memory/memory.js'
import { hostBroker } from '../../../dist/broker/shared/host.js'
import { disk } from '../../../dist/disk.js'
import { socketLink } from '../../../dist/server/workers/socket-link.js'

const [dir] = process.argv.slice(2)
const broker = dir === undefined ? memory() : disk(dir)
const socket = new Socket({ fd: 3, readable: true, writable: true })
hostBroker(broker, socketLink(socket), {
  onError: (error) => {
    throw error
  },
})
socket.once('close', () => void broker.close())
