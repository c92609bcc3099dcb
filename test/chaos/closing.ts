import { setTimeout as delay } from 'node:timers/promises'
import type { History } from './history.ts'
import type { Publisher } from './publisher.ts'
import type { Reader } from './reader.ts'

export const channels = ['red', 'green', 'blue']

/** How long everyone may take to come to the end once the faults are over, in ms: a bound for what is stuck, not for speed. */
const longest = 60_000

/** Everyone connects and stays; a last message on each channel shows what was missed before it; everyone comes to it. */
export async function close(
  readers: readonly Reader[],
  publisher: Publisher,
  history: History,
  patience = longest,
): Promise<void> {
  for (const reader of readers) reader.calm()
  await soon(() => readers.every(({ hasPlace }) => hasPlace), patience)
  const drafts = channels.map((channel) => ({ channel, draft: publisher.draft([channel], 10) }))
  const last = Object.fromEntries(drafts.map(({ channel, draft }) => [channel, draft.message]))
  history.record({ type: 'closing', last })
  for (const { draft } of drafts) await publisher.publish([draft], patience)
  const isAtEnd = (reader: Reader) => reader.channels.every((channel) => reader.has(last[channel] ?? Number.NaN))
  await soon(() => readers.every(isAtEnd), patience)
}

/** Waits, but not for ever: the checker says who was late. */
async function soon(isDone: () => boolean, patience: number): Promise<void> {
  for (const end = performance.now() + patience; !isDone() && performance.now() < end; ) await delay(20)
}
