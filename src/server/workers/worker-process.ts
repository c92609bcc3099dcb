// What a worker of `serve --workers` runs: a hub and its HTTP server, on connections that the primary hands to it.

import { Socket } from 'node:net'
import type { Broker } from '../../broker/port.ts'
import { toFault } from '../../broker/shared/fault.ts'
import { sharedBroker } from '../../broker/shared/shared.ts'
import { openSite, type Site } from '../server.ts'
import { keepHeapSmall, keepYoungSmall } from '../small-heap.ts'
import { Connections } from './connections.ts'
import { brokerDescriptor, type ToPrimary, type ToWorker } from './control.ts'
import { socketLink } from './socket-link.ts'

/** When others take over, requests that have begun, or whose connection was handed over a moment ago, are given this long, in ms. */
const leaveTime = 1_000

/** What is left after the streams have ended is given this long, in ms. */
const grace = 1_000

interface Running {
  readonly site: Site
  readonly connections: Connections
}

let running: Running | undefined
let isClosing = false
let isUrgent = false

// Whoever stops or restarts a service signals all of its processes at once; the primary says when this one is to end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
// Without the primary there are no more connections, and no broker.
process.once('disconnect', () => process.exit(1))
process.on('message', (message: ToWorker, handle?: Socket) => void take(message, handle))

function tell(message: ToPrimary): void {
  // Where it fails the primary is gone, and so is this one in a moment.
  if (process.connected) process.send?.(message, undefined, {}, () => {})
}

async function take(message: ToWorker, handle: Socket | undefined): Promise<void> {
  switch (message.kind) {
    case 'start':
      await start(message)
      break
    case 'connection':
      if (running === undefined) handle?.destroy()
      else running.connections.take(handle)
      break
    case 'count':
      tell({ kind: 'subscribers', count: running?.site.hub.subscribers ?? 0 })
      break
    case 'close':
      await close(message.drain, message.isLeaving)
      break
  }
}

async function start({ worker, options, isHosted }: ToWorker & { kind: 'start' }): Promise<void> {
  process.title = `millrace worker ${worker}`
  if (options.data !== undefined) keepHeapSmall()
  else keepYoungSmall()
  const onError = (error: unknown) => tell({ kind: 'error', fault: toFault(error) })
  try {
    const broker = isHosted ? openBroker() : undefined
    const site = await openSite({ ...options, onError }, broker)
    const connections = new Connections(site.entrance, (taken, left) => tell({ kind: 'connections', taken, left }))
    running = { site, connections }
    tell({ kind: 'ready' })
  } catch (error) {
    tell({ kind: 'refused', fault: toFault(error) })
  }
}

/** That of the primary. */
function openBroker(): Broker {
  const wire = new Socket({ fd: brokerDescriptor, readable: true, writable: true })
  wire.once('close', () => {
    // As with the primary itself: without the broker there is nothing to serve, and the next worker has a wire again.
    if (running !== undefined && !isClosing) process.exit(1)
  })
  return sharedBroker(socketLink(wire))
}

async function close(drain: number, isLeaving: boolean): Promise<void> {
  // Said to leave, it may be said to end meanwhile.
  if (!isLeaving) isUrgent = true
  if (isClosing) return
  isClosing = true
  // Nobody is served yet.
  if (running === undefined) process.exit(0)
  const { site, connections } = running
  if (isLeaving) {
    site.leave()
    // What is no stream is a request, or a connection on which one may come, and be the last.
    await connections.fall(() => (isUrgent ? Infinity : site.hub.subscribers), leaveTime)
  }
  await site.close(drain)
  await connections.fall(() => 0, grace)
  connections.closeAll()
  process.exit(0)
}
