import { toBytes } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { encodeRetry } from '../sse/encode.ts'
import { Packet } from './packet.ts'
import { jitteredRetry } from './retry.ts'
import type { Subscriber } from './subscriber.ts'

interface DrainOptions {
  readonly clock: Clock
  /** Milliseconds over which to spread the ends. */
  readonly over: number
  /** The least that a reader waits before it connects again, in ms. */
  readonly retry: number
}

/** How often some of the streams are ended, in ms. */
const step = 20

/** Ends the streams, spread over a time, each with a wait of its own before its reader connects again. */
export async function drain(subscribers: readonly Subscriber[], { clock, over, retry }: DrainOptions): Promise<void> {
  const steps = Math.max(1, Math.floor(over / step))
  const share = Math.ceil(subscribers.length / steps)
  for (let first = 0; first < subscribers.length; first += share) {
    if (first > 0) await new Promise<void>((resolve) => clock.after(step, resolve))
    for (const subscriber of subscribers.slice(first, first + share)) {
      subscriber.write(Packet.toOne(toBytes(encodeRetry(jitteredRetry(retry)))))
      subscriber.close()
    }
  }
}
