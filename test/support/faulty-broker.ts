import type { Broker, Entry, Follower, Following } from '../../src/broker/port.ts'
import { bound } from './bound-broker.ts'

/** A broker whose announcements can be lost or held up, as those of a server across a network are. */
export interface FaultyBroker extends Broker {
  /** Loses this many of the next announcements, in silence, and no more than that. */
  lose(count: number): void
  /** Holds announcements back, in order, until `release`. */
  hold(): void
  release(): void
  /** Loses the connection that announcements come on, with all that is on its way. */
  interrupt(): void
  resume(): void
  /** Lets the next reads fail. */
  failReads(count: number): void
  readonly reads: number
  /** How many of the reads asked for a channel. */
  readsOf(channel: string): number
}

export function faultyBroker(broker: Broker): FaultyBroker {
  let losing = 0
  let failing = 0
  let isHolding = false
  let isDown = false
  let reads = 0
  const readsOf = new Map<string, number>()
  const followers: Follower[] = []
  const held: { follower: Follower; entry: Entry }[] = []
  let waiting: (() => void)[] = []

  const through = (follower: Follower): Follower => ({
    ...bind(follower),
    onEntry(entry) {
      if (isDown) return
      if (losing > 0) losing--
      else if (isHolding) held.push({ follower, entry })
      else follower.onEntry(entry)
    },
  })
  const attach = (follower: Follower): Following => {
    followers.push(follower)
    const following = broker.attach(through(follower))
    return {
      async follow(channel) {
        if (isDown) await new Promise<void>((resolve) => waiting.push(resolve))
        await following.follow(channel)
      },
      unfollow: (channel) => following.unfollow(channel),
      close: () => following.close(),
    }
  }
  return {
    ...bound(broker),
    async read(after, channels, limit) {
      reads++
      for (const channel of channels) readsOf.set(channel, (readsOf.get(channel) ?? 0) + 1)
      if (failing > 0) {
        failing--
        throw new Error('a read that was made to fail')
      }
      return broker.read(after, channels, limit)
    },
    attach,
    lose: (count) => {
      losing = count
    },
    hold: () => {
      isHolding = true
    },
    release() {
      isHolding = false
      for (const { follower, entry } of held.splice(0)) follower.onEntry(entry)
    },
    interrupt() {
      isDown = true
      held.length = 0
      for (const follower of followers) follower.onInterrupted()
    },
    resume() {
      isDown = false
      const resolves = waiting
      waiting = []
      for (const resolve of resolves) resolve()
      for (const follower of followers) follower.onResumed()
    },
    failReads: (count) => {
      failing += count
    },
    readsOf: (channel) => readsOf.get(channel) ?? 0,
    get reads() {
      return reads
    },
  }
}

function bind(follower: Follower): Follower {
  return {
    onEntry: (entry) => follower.onEntry(entry),
    onInterrupted: () => follower.onInterrupted(),
    onResumed: () => follower.onResumed(),
    onError: (error) => follower.onError(error),
  }
}
