import { MillraceError } from '../base/errors.ts'
import type { PublishOptions as MessageOptions, Publication } from '../hub/message.ts'
import { readLines } from './lines.ts'
import { endWithReader, print } from './output.ts'
import { type Publisher, toHub, toJson, toRedis } from './publisher.ts'

/** What is sent at once: well under what a hub takes as one body, and few enough that an answer comes soon. */
const maxBatchBytes = 256 * 1024
const maxBatch = 1_000

export interface PublishOptions extends MessageOptions {
  readonly url: string
  readonly redis?: string
  readonly history?: number
  readonly json?: boolean
}

/**
 * Publishes `data`, or each line of stdin where `data` is `-` or left out, and prints the positions.
 *
 * @throws {MillraceError} `option_invalid`, `hub_unreachable`, and what the hub or the broker refuses with
 */
export async function publish(channel: string, data: string | undefined, options: PublishOptions): Promise<void> {
  const { url, redis, history, json = false, event, key, id, wait } = options
  const isStdin = data === undefined || data === '-'
  if (data === undefined && process.stdin.isTTY) {
    throw new MillraceError('option_invalid', 'There is nothing to publish. Give DATA, or - to read lines from stdin.')
  }
  if (isStdin && id !== undefined) {
    throw new MillraceError('option_invalid', '--id names one message, and stdin may have many. Give DATA with it.')
  }
  if (history !== undefined && redis === undefined) {
    throw new MillraceError('option_invalid', '--history goes with --redis: a hub has its own.')
  }
  endWithReader()
  // A name cannot hold a comma: this is a list, as in a subscriber's URL.
  const channels = channel.split(',')
  const toPublication = (text: string): Publication => ({
    channel: channels.length === 1 ? channel : channels,
    message: parse(text),
    ...(event === undefined ? {} : { event }),
    ...(key === undefined ? {} : { key }),
    ...(id === undefined ? {} : { id }),
    ...(wait === undefined ? {} : { wait }),
  })

  const publisher = redis === undefined ? toHub(url, wait) : await toRedis(redis, history, json)
  try {
    if (isStdin) await publishLines(publisher, toPublication, json)
    else await printPositions(await publisher.publish([toPublication(data)]), json)
  } finally {
    await publisher.close()
  }
}

async function publishLines(
  publisher: Publisher,
  toPublication: (line: string) => Publication,
  json: boolean,
): Promise<void> {
  let published = 0
  try {
    // The next chunk is read when this one is published: a hub that is slow slows the program that writes here.
    for await (const lines of readLines(process.stdin.setEncoding('utf8'))) {
      for (const batch of toBatches(lines.map(toPublication))) {
        await printPositions(await publisher.publish(batch), json)
        published += batch.length
      }
    }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    const { item } = error.data
    const which = typeof item === 'number' ? `Message ${published + item + 1} of the input was refused. ` : ''
    throw new MillraceError(error.code, `${error.message} ${which}Published before that: ${published}.`, {
      cause: error,
    })
  }
}

function* toBatches(publications: readonly Publication[]): Generator<readonly Publication[], void, void> {
  let batch: Publication[] = []
  let bytes = 0
  for (const publication of publications) {
    const size = Buffer.byteLength(toJson(publication))
    if (batch.length > 0 && (bytes + size > maxBatchBytes || batch.length >= maxBatch)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(publication)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

async function printPositions(positions: readonly (string | null)[], json: boolean): Promise<void> {
  for (const position of positions) await print(json ? JSON.stringify({ id: position }) : (position ?? '-'))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON, and so text.
    return text
  }
}
