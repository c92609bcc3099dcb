import type { MessageOf } from '../channels/define.ts'
import type { AnyEventDefinition, Event } from '../events/define.ts'
import { type Finding, show, showFilter } from './finding.ts'
import { isMeant } from './pattern.ts'

/** A message as a reader gets it. */
export interface Message<Name extends string = string, Data = unknown> {
  /** The cursor that it moves its reader to; of one that no channel keeps, the one before it. */
  readonly id: string
  /** The event's name; `'message'` where it has none, as for `EventSource`. */
  readonly event: Name
  /** What JSON makes of its text; the text itself where that is no JSON. */
  readonly data: Data
  readonly text: string
  readonly channels: readonly string[]
}

/** What comes on `Channel`: messages of the events that it declares. Of several channels, of all of them. */
export type MessageOn<Channel> = Channel extends unknown ? MessageFor<MessageOf<Channel>> : never

/** The message that `Published` becomes. */
export type MessageFor<Published> = unknown extends Published
  ? Message
  : Published extends Event<infer Name, infer Data>
    ? Message<Name, Data>
    : never

export function toMessage({ id, event, text, channels }: Omit<Message, 'data'>): Message {
  return { id, event, data: dataOf(text), text, channels }
}

function dataOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Plain text is sent as it is.
    return text
  }
}

/** Those of a definition, and of them those that the filter means; without a definition, `what` is the filter. */
export function select<Kind extends Message>(all: readonly Kind[], what: unknown, filter: unknown): readonly Kind[] {
  return isDefinition(what)
    ? all.filter((message) => message.event === what.name && isMeant(message, filter))
    : all.filter((message) => isMeant(message, what))
}

/** @param how The end of the sentence "Expected NewMessage ...": `to have been received` */
export function findMessage(
  all: readonly Message[],
  what: unknown,
  filter: unknown,
  how: string,
  title: string,
): Finding {
  const isNamed = isDefinition(what)
  return {
    isFound: select(all, what, filter).length > 0,
    subject: isNamed ? what.name : 'a message',
    expected: `${how}${showFilter(isNamed ? filter : what)}`,
    title,
    there: all.map(showMessage),
  }
}

export function showMessage({ event, data }: Message): string {
  return show(event, data)
}

export function isDefinition(what: unknown): what is AnyEventDefinition {
  return typeof what === 'function' && 'is' in what && typeof what.is === 'function'
}
