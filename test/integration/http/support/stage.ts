import { afterEach } from 'vitest'
import { defineChannel } from '../../../../src/channels/define.ts'
import type { Hub, HubOptions } from '../../../../src/hub/api.ts'
import { createHub } from '../../../../src/hub/hub.ts'
import { until } from '../../../support/until.ts'
import type { Adapter, Served, StartOptions } from './adapter.ts'
import { dial, type RawClient } from './raw-client.ts'
import { type Reading, read } from './reading.ts'

export const channels = [defineChannel('news'), defineChannel('rooms.{room}'), defineChannel('brief', { history: 0 })]

/** A hub on the network, and what a test does with it. All of it goes when the test ends. */
export interface Stage extends Served {
  readonly hub: Hub
  /** What the hub and the handlers had to complain of. */
  readonly errors: readonly unknown[]
  /** Opens a stream and reads it. Resolves when its first block has come. */
  subscribe(query: string, init?: RequestInit): Promise<Reading>
  /** A bare socket to the server. */
  dial(): Promise<RawClient>
  /** Resolves when the hub holds nobody and follows nothing. */
  untilEmpty(): Promise<void>
  undo(run: () => unknown): void
}

const undoing: (() => unknown)[] = []

afterEach(async () => {
  for (const undo of undoing.splice(0).reverse()) await undo()
})

export async function createStage(
  adapter: Adapter,
  options: Partial<HubOptions> = {},
  start: StartOptions = {},
): Promise<Stage> {
  const errors: unknown[] = []
  const hub = createHub({ channels, onError: (error) => errors.push(error), ...options })
  const served = await adapter.start(hub, start)
  const undo = (run: () => unknown) => void undoing.push(run)
  const fetch = (path: string, init?: RequestInit) => {
    const headers = new Headers(init?.headers)
    if (!headers.has('accept-encoding')) headers.set('accept-encoding', adapter.isCompressed ? 'gzip' : 'identity')
    return served.fetch(path, { ...init, headers })
  }
  undo(async () => {
    await hub.close()
    served.cut()
    await served.close()
  })

  return {
    ...served,
    fetch,
    hub,
    errors,
    undo,
    async subscribe(query, init) {
      const leaving = new AbortController()
      const response = await fetch(`/sse?${query}`, { signal: leaving.signal, ...init })
      const reading = read(response, () => leaving.abort())
      undo(() => reading.leave())
      await until('the first block', async () => (reading.ids.length > 0 ? true : undefined))
      return reading
    },
    async dial() {
      const client = await dial(served.port)
      undo(() => client.socket.destroy())
      return client
    },
    untilEmpty: () =>
      until(`an empty hub`, async () => (hub.subscribers === 0 && hub.channels === 0 ? true : undefined)).then(
        () => {},
      ),
  }
}
