import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MessageChannel } from 'node:worker_threads'
import { describe, test } from 'vitest'
import { disk } from '../../src/broker/disk/disk.ts'
import { memory } from '../../src/broker/memory/memory.ts'
import type { Broker } from '../../src/broker/port.ts'
import { hostBroker } from '../../src/broker/shared/host.ts'
import { sharedBroker } from '../../src/broker/shared/shared.ts'
import { socketLink } from '../../src/server/workers/socket-link.ts'
import { brokerContract } from '../../src/testing/broker-contract.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { portLink } from './support/port-link.ts'

const host = fileURLToPath(new URL('support/broker-host.js', import.meta.url))

describe('a shared broker in memory', () => {
  brokerContract({
    test,
    async create() {
      const clock = new ManualClock(Date.now())
      const far = memory({ clock })
      return { broker: share(far), pass: async (ms) => clock.advance(ms), cleanUp: () => far.close() }
    },
  })
})

describe('a shared broker on disk', () => {
  brokerContract({
    test,
    async create() {
      const clock = new ManualClock(Date.now())
      const dir = await mkdtemp(join(tmpdir(), 'millrace-disk-'))
      const far = disk(dir, { clock })
      return {
        broker: share(far),
        pass: async (ms) => clock.advance(ms),
        async cleanUp() {
          await far.close()
          await rm(dir, { recursive: true })
        },
      }
    },
  })
})

describe('a shared broker in memory, in another process', () => {
  brokerContract({
    test,
    async create() {
      const { broker, ended } = startHost()
      return { broker, pass: (ms) => sleep(ms), cleanUp: () => ended }
    },
  })
})

describe('a shared broker on disk, in another process', () => {
  brokerContract({
    test,
    async create() {
      const dir = await mkdtemp(join(tmpdir(), 'millrace-disk-'))
      const { broker, ended } = startHost(dir)
      return {
        broker,
        pass: (ms) => sleep(ms),
        async cleanUp() {
          await ended
          await rm(dir, { recursive: true })
        },
      }
    },
  })
})

/** Over a message port, in this process. */
function share(far: Broker): Broker {
  const { port1, port2 } = new MessageChannel()
  hostBroker(far, portLink(port1), {
    onError: (error) => {
      throw error
    },
  })
  return sharedBroker(portLink(port2))
}

function startHost(...args: readonly string[]) {
  const child = spawn(process.execPath, [host, ...args], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] })
  const ended = once(child, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`The host ended with ${code}`)
  })
  return { broker: sharedBroker(socketLink(child.stdio[3] as Socket)), ended }
}
