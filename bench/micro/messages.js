// @ts-check
import { Payload } from '../load/payload.js'

/** Microseconds, about: of as many digits as in a real run. */
const at = 20_000_000_000

/**
 * Entries as a broker gives them to the hub.
 *
 * @param {number} count
 * @param {{ channel?: (index: number) => string, bytes?: number }} [options]
 * @returns {import('../../dist/broker/port.js').Entry[]}
 */
export function entries(count, { channel = () => 'news', bytes = 200 } = {}) {
  const payload = new Payload({ shape: 'text', bytes })
  return Array.from({ length: count }, (_, index) => ({
    position: `1763791234567-${index}`,
    channels: [channel(index)],
    prev: [null],
    data: payload.toJson(index, at + index),
    event: undefined,
    key: undefined,
  }))
}
