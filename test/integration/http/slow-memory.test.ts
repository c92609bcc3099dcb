import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createParser } from '../../../src/sse/parse.ts'
import { until } from '../../support/until.ts'
import { streamingLong } from './support/adapters.ts'
import { untilUsedMemory, usedMemory } from './support/heap.ts'
import { createStage, type Stage } from './support/stage.ts'

const KiB = 1024
const outbox = 256 * KiB
/** One text for all messages, so that in the log itself they take up next to nothing. Of its 64 KiB gzip leaves 48. */
const data = randomBytes(48 * KiB).toString('base64')
/** 20 MiB on each of the channels that have it; 5 where a client has to read them out of gzip, which takes it long. */
const most = 320
const mostCompressed = 80
const groups = 10

/**
 * What a reader may hold, who would hold 5 MiB or more without a limit: its outbox (256 KiB); a page while it catches up (256 KiB), each
 * with the message that passes it (64 KiB); and what its client in this process has read ahead, twice where a stream of the
 * platform stands before the socket.
 */
const each = 1024 * KiB

/** One of each way to a socket, and a stream that no socket is behind. */
const transports = streamingLong.filter(({ name }) =>
  ['node:http', 'node:http2', 'Hono on node:http with CORS', 'a fetch handler'].includes(name.replace(' and gzip', '')),
)

describe.for(transports)('over $name', (adapter) => {
  const rounds = adapter.isCompressed ? mostCompressed : most

  test('200 readers that never read hold no more than the limits', { timeout: 60_000 }, async () => {
    const stage = await createStage(adapter, { limits: { outbox } })
    const readers = await open(stage, 200)
    const before = await usedMemory()

    await publish(stage, rounds, readers.length, () => {})

    await untilUsedMemory(before + shared(rounds, readers.length) + readers.length * each)
    expect(stage.hub.subscribers).toBe(readers.length)
  })

  test('readers that read a little now and then hold no more, and get everything, in order and once', async () => {
    const stage = await createStage(adapter, { limits: { outbox } })
    const readers = await open(stage, 40)
    const before = await usedMemory()

    await publish(stage, rounds, readers.length, (round) => {
      if (round % 8 === 0) for (const reader of readers) void reader.readOn()
    })

    await untilUsedMemory(before + shared(rounds, readers.length) + readers.length * each)
    const expected = Array.from({ length: rounds }, (_, round) => [`large${round}`, `own${round}`]).flat()
    await Promise.all(readers.map((reader) => reader.readTo(`own${rounds - 1}`)))
    for (const reader of readers) expect(reader.names).toEqual(expected)
  })
})

/** Opens streams of a channel that several share, with the 20 MiB, and one of the reader's own. Each has read its first block. */
async function open(stage: Stage, count: number): Promise<Reading[]> {
  const readers = await Promise.all(
    Array.from({ length: count }, async (_, reader) => {
      const leaving = new AbortController()
      stage.undo(() => leaving.abort())
      const query = `channel=rooms.shared-${reader % groups},rooms.${reader}`
      return new Reading(await stage.fetch(`/sse?${query}`, { signal: leaving.signal }))
    }),
  )
  for (const reader of readers) await reader.readOn()
  await until('the subscribers', async () => (stage.hub.subscribers === count ? true : undefined))
  return readers
}

/** In each round something of each reader's own as well, so that what is written to each is a buffer of its own. */
async function publish(
  { hub }: Stage,
  rounds: number,
  count: number,
  afterRound: (round: number) => void,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await hub.publishAll([
      ...Array.from({ length: groups }, (_, group) => ({
        channel: `rooms.shared-${group}`,
        message: data,
        event: `large${round}`,
      })),
      ...Array.from({ length: count }, (_, reader) => ({
        channel: `rooms.${reader}`,
        message: '',
        event: `own${round}`,
      })),
    ])
    await new Promise<void>((resolve) => setImmediate(resolve))
    afterRound(round)
  }
}

/** What is not any one reader's: the rings, and the log's entries without their data. */
function shared(rounds: number, count: number): number {
  return groups * 1024 * KiB + rounds * (groups + count) * 512 + count * 256 * 512
}

/** A client that reads when it is told. */
class Reading {
  readonly names: string[] = []
  readonly #parser = createParser({ onEvent: ({ event }) => void this.names.push(event) })
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #reading: Promise<void> | undefined

  constructor({ body }: Response) {
    if (body === null) throw new Error('A stream without a body')
    this.#reader = body.getReader()
  }

  /** Reads a chunk, unless it still waits for the one before. */
  readOn(): Promise<void> {
    this.#reading ??= this.#reader.read().then(
      ({ value }) => {
        this.#reading = undefined
        if (value !== undefined) this.#parser.pushBytes(value)
      },
      // The end of the test.
      () => undefined,
    )
    return this.#reading
  }

  async readTo(name: string): Promise<void> {
    while (this.names.at(-1) !== name) await this.readOn()
  }
}
