import type { Broker, Outgoing, Position } from '../broker/port.ts'
import type { AnyEventDefinition, EventOf } from '../events/define.ts'
import { assertFound, assertNotFound, type Finding } from './finding.ts'
import { findMessage, type Message, type MessageFor, type MessageOn, select, toMessage } from './message.ts'
import type { Filter } from './pattern.ts'
import { turn } from './turn.ts'

/** A message that was published. Its `id` is its position; `''` where no channel keeps it. */
export type Published<Kind extends Message = Message> = Kind & { readonly key: string | undefined }

/** What was published, by whatever way and in order, to be asked. */
export interface PublishedMessages {
  /** All, or those on one channel: of a definition, or those that a function or their data says. */
  published(): readonly Published[]
  published<Definition extends AnyEventDefinition>(
    channel: string,
    definition: Definition,
    filter?: Filter<Published<MessageFor<EventOf<Definition>>>>,
  ): readonly Published<MessageFor<EventOf<Definition>>>[]
  published<const Channel extends string>(
    channel: Channel,
    filter?: Filter<Published<MessageOn<Channel>>>,
  ): readonly Published<MessageOn<Channel>>[]
  /** @throws {AssertionError} that lists what was published instead */
  assertPublished<Definition extends AnyEventDefinition>(
    channel: string,
    definition: Definition,
    filter?: Filter<Published<MessageFor<EventOf<Definition>>>>,
  ): void
  assertPublished<const Channel extends string>(channel: Channel, filter?: Filter<Published<MessageOn<Channel>>>): void
  /** @throws {AssertionError} */
  assertNotPublished<Definition extends AnyEventDefinition>(
    channel: string,
    definition: Definition,
    filter?: Filter<Published<MessageFor<EventOf<Definition>>>>,
  ): void
  assertNotPublished<const Channel extends string>(
    channel: Channel,
    filter?: Filter<Published<MessageOn<Channel>>>,
  ): void
}

export function publishedIn(all: readonly Published[]): PublishedMessages {
  return {
    published: ((channel?: string, what?: unknown, filter?: unknown) =>
      channel === undefined ? [...all] : select(on(all, channel), what, filter)) as PublishedMessages['published'],
    assertPublished: (channel: string, what?: unknown, filter?: unknown) =>
      assertFound(findPublished(all, channel, what, filter)),
    assertNotPublished: (channel: string, what?: unknown, filter?: unknown) =>
      assertNotFound(findPublished(all, channel, what, filter)),
  }
}

export function findPublished(all: readonly Published[], channel: string, what: unknown, filter: unknown): Finding {
  const finding = findMessage(
    on(all, channel),
    what,
    filter,
    `to have been published on ${channel}`,
    `Published on ${channel}`,
  )
  const elsewhere = all.filter(({ channels }) => !channels.includes(channel))
  if (finding.there.length > 0 || elsewhere.length === 0) return finding
  // A wrong name of a channel is the usual mistake.
  const there = elsewhere.map(({ channels, event }) => `${event} on ${channels.join(', ')}`)
  return { ...finding, title: `Nothing was published on ${channel}. Published elsewhere`, there }
}

/** Writes down what `broker` takes; whoever awaits an append finds it delivered to those who are live. */
export function recordAppends(broker: Broker, all: Published[]): Broker {
  const append = broker.append.bind(broker)
  const seen = new Set<Position>()
  return Object.assign(broker, {
    append: async (message: Outgoing) => {
      const position = await append(message)
      // Published again under the publisher's own id, it is the same message.
      if (position === null || !seen.has(position)) all.push(toPublished(message, position))
      if (position !== null) seen.add(position)
      await turn()
      return position
    },
  })
}

function toPublished({ channels, event = 'message', data: text, key }: Outgoing, position: Position | null): Published {
  return { ...toMessage({ id: position ?? '', event, text, channels }), key }
}

function on(all: readonly Published[], channel: string): readonly Published[] {
  return all.filter(({ channels }) => channels.includes(channel))
}
