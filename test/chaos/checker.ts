import { type Copies, type Copy, checkPublishing, toCopies } from './copies.ts'
import { Eras } from './eras.ts'
import { checkGaps } from './gap-causes.ts'
import type { Recorded } from './history.ts'
import { isAfter } from './place.ts'
import { type Story, toStories } from './story.ts'
import type { Violation } from './violation.ts'

export interface Terms {
  /** Messages that each channel keeps. */
  readonly history: number
}

/** What a hub did that it must not do, as the history of a run shows it. Pure: the same history, the same answer. */
export function check(events: readonly Recorded[], terms: Terms): Violation[] {
  const eras = new Eras(events.flatMap((event, index) => (event.type === 'boundary' ? [{ ...event, index }] : [])))
  const copies = toCopies(events, eras)
  const closing = events.find((event) => event.type === 'closing')
  return [
    ...copies.violations,
    ...checkPublishing(events, copies, eras),
    ...toStories(events).flatMap((story) => [
      ...checkContent(story, copies),
      ...checkOrder(story),
      ...checkDuplicates(story, copies, eras),
      ...checkGaps(story, { copies, eras, history: terms.history }),
      ...checkLosses(story, copies, eras),
      ...checkTold(story, eras),
      ...(closing === undefined ? [] : checkEnd(story, closing.last)),
    ]),
  ]
}

function checkContent({ reader, channels, messages }: Story, { published }: Copies): Violation[] {
  return messages.flatMap((received) => {
    const { message, index } = received
    const sent = published.get(message)
    const say = (text: string): Violation[] => [{ rule: 'altered', reader, message, index, text }]
    if (sent === undefined) return say(`reader ${reader} got message ${message}, which nobody published`)
    if (received.sum !== sent.sum) return say(`reader ${reader} got message ${message} with other data`)
    if (received.event !== sent.event) return say(`reader ${reader} got message ${message} as ${received.event}`)
    if (received.channels.join() !== sent.channels.join())
      return say(`reader ${reader} got message ${message} of ${sent.channels} as of ${received.channels}`)
    if (!sent.channels.some((channel) => channels.includes(channel)))
      return say(`reader ${reader} of ${channels} got message ${message} of ${sent.channels}`)
    return []
  })
}

function checkOrder({ reader, steps }: Story): Violation[] {
  return steps.map(({ index, from, to }) => ({
    rule: 'order',
    reader,
    index,
    text: `reader ${reader} was at ${from} and got ${to}`,
  }))
}

/**
 * Twice is allowed to what was lost and published again. And to one that came late, without an id, when the connection dropped
 * at that moment (docs/delivery.md).
 */
function checkDuplicates({ reader, messages }: Story, copies: Copies, eras: Eras): Violation[] {
  const seen = new Map<number, Story['messages'][number]>()
  return messages.flatMap((received) => {
    const { message, id, connection, index } = received
    const before = seen.get(message)
    seen.set(message, received)
    if (before === undefined) return []
    const isLate = (id === undefined || before.id === undefined) && connection !== before.connection
    const isAnother = before.id !== undefined && id !== undefined && !eras.isIn(before.id, eras.of(id))
    if (isLate || isAnother) return []
    const where = `${before.id ?? 'late'} at event ${before.index}, ${id ?? 'late'} at event ${index}`
    const places = copies.of(message).map(({ position }) => position)
    const text = `reader ${reader} got message ${message} twice: ${where}; in the log at ${places}`
    return [{ rule: 'duplicate', reader, message, index, text }]
  })
}

function checkLosses(story: Story, copies: Copies, eras: Eras): Violation[] {
  const { reader, start, end } = story
  if (start === undefined || end === undefined) return []
  const got = new Map(story.messages.map((received) => [received.message, received]))
  const gotAt = new Set(story.messages.map(({ id }) => id))
  const own = toOwn(story, copies)
  return copies.all.flatMap((copy): Violation[] => {
    const { message, position, channels } = copy
    const due = channels.filter((channel) => story.channels.includes(channel))
    if (due.length === 0 || !isAfter(position, start) || isAfter(position, end) || gotAt.has(position)) return []
    // One that came late had no id to say which copy it was.
    if (got.get(message)?.id === undefined && got.has(message)) return []
    if (eras.isLostInFailover(position)) return []
    const silent = due.filter((channel) => !isCovered(story, copy, channel, copies, own))
    if (silent.length === 0) return []
    const text = `reader ${reader} did not get message ${message} at ${position}, and no gap was told on ${silent}`
    return [{ rule: 'lost', reader, message, text }]
  })
}

/**
 * Whether the reader was told of a gap on the channel that the copy lies in: not before it came, and before the channel went on.
 *
 * What is lost is lost at the cursor, so such a gap reaches to the next id. What has expired is told before the cursor has passed all of
 * it, and covers what was published before it was told; until then there may be messages that another channel still keeps.
 */
function isCovered(story: Story, { position, message }: Copy, channel: string, copies: Copies, own: Own): boolean {
  const goesOn = firstAfter(own.get(channel) ?? [], position)
  const published = copies.published.get(message)?.index ?? 0
  return story.gaps.some(
    ({ channels, reason, from, next, index }) =>
      channels.includes(channel) &&
      next !== undefined &&
      (reason === 'expired' ? published < index : !isAfter(position, next)) &&
      (from === undefined || isAfter(position, from)) &&
      (goesOn === undefined || index < goesOn.index),
  )
}

/** By channel, what a reader got on no other of its channels. */
type Own = ReadonlyMap<string, readonly (Story['messages'][number] & { readonly id: string })[]>

function toOwn({ channels, messages }: Story, copies: Copies): Own {
  const own = new Map(
    channels.map((channel) => [channel, [] as (Story['messages'][number] & { readonly id: string })[]]),
  )
  for (const received of messages) {
    const { id, message } = received
    const [only, ...others] = copies.published.get(message)?.channels.filter((channel) => own.has(channel)) ?? []
    if (id !== undefined && only !== undefined && others.length === 0) own.get(only)?.push({ ...received, id })
  }
  return own
}

/** Positions rise over a reader's life; where they do not, that is reported. */
function firstAfter<T extends { readonly id: string }>(messages: readonly T[], position: string): T | undefined {
  let low = 0
  let high = messages.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isAfter(messages[middle]?.id ?? position, position)) high = middle
    else low = middle + 1
  }
  return messages[low]
}

/** Who had seen what the log has lost is told so, on every channel, before going on in the new one. */
function checkTold({ reader, channels, moves }: Story, eras: Eras): Violation[] {
  return moves.flatMap(({ index, from, to, lost }): Violation[] => {
    const silent = channels.filter((channel) => !lost.includes(channel))
    if (silent.length === 0 || eras.isIn(from, eras.of(to))) return []
    const text = `reader ${reader} had seen ${from}, which is lost, went on to ${to}, and was not told on ${silent}`
    return [{ rule: 'lost', reader, index, text }]
  })
}

function checkEnd({ reader, channels, messages, end }: Story, last: Readonly<Record<string, number>>): Violation[] {
  const missing = channels.filter((channel) => !messages.some(({ message }) => message === last[channel]))
  if (missing.length === 0) return []
  const text = `reader ${reader} did not come to the end of ${missing}; it stands at ${end ?? 'no place at all'}`
  return [{ rule: 'stuck', reader, text }]
}
