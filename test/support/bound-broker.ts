import type { Broker } from '../../src/broker/port.ts'

/** A broker as an object of its own functions, of which some can be put in the place of others. */
export function bound(broker: Broker): Broker {
  return {
    append: (message) => broker.append(message),
    read: (after, channels, limit) => broker.read(after, channels, limit),
    head: () => broker.head(),
    attach: (follower) => broker.attach(follower),
    compare: broker.compare,
    timelineOf: broker.timelineOf,
    parse: broker.parse,
    at: broker.at,
    close: () => broker.close(),
  }
}
