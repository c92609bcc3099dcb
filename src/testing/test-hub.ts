import { memory } from '../broker/memory/memory.ts'
import { parseSince } from '../http/since.ts'
import type { Hub, HubOptions } from '../hub/api.ts'
import { createHub } from '../hub/hub.ts'
import { connect } from './connect.ts'
import { ManualClock } from './manual-clock.ts'
import type { MessageOn } from './message.ts'
import { type Published, type PublishedMessages, publishedIn, recordAppends } from './published.ts'
import type { ConnectOptions, TestClient } from './test-client.ts'

export interface TestHubOptions extends Omit<HubOptions, 'broker' | 'clock'> {
  /** Of positions, history, heartbeats and limits. @default manualClock() */
  readonly clock?: ManualClock
}

/** A real hub on the broker in memory, that has clients without sockets, and can be asked what was published. */
export interface TestHub extends Hub, PublishedMessages {
  readonly clock: ManualClock
  /**
   * Connects a client to one channel or several. What is published and awaited after this has reached it; what is published and not
   * awaited, `await client.next()` waits for.
   *
   * @throws {MillraceError} with the code and the status that the request is answered with: `channel_forbidden`, `channel_unknown` ...
   */
  connect<const Channel extends string>(
    channels: Channel | readonly Channel[],
    options?: ConnectOptions,
  ): Promise<TestClient<MessageOn<Channel>>>
}

/**
 * A hub for tests: to be passed, or put, where the application has its own, with the channels of the application.
 *
 * It holds nothing that keeps a process alive, and need not be closed.
 */
export function testHub({ clock = new ManualClock(), ...options }: TestHubOptions): TestHub {
  const all: Published[] = []
  const hub = createHub({ ...options, clock, broker: recordAppends(memory({ clock }), all) })
  return Object.assign(hub, publishedIn(all), {
    clock,
    connect: <const Channel extends string>(channels: Channel | readonly Channel[], given: ConnectOptions = {}) => {
      const { since } = given
      // Back from the time of its own clock.
      const from = since === undefined ? {} : { since: parseSince(String(since), clock.now()) }
      return connect(hub, channels, { ...given, ...from })
    },
  })
}
