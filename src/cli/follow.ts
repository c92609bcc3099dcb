import { setTimeout as delay } from 'node:timers/promises'
import { MillraceError, quote } from '../base/errors.ts'
import type { ParsedEvent } from '../sse/parse.ts'
import { events } from '../sse/stream.ts'
import { hubUrl, reasonOf, toError, unreachable } from './remote.ts'

/** What is waited before the hub has said how long, and the most that is ever waited, in ms. */
const defaultRetry = 2_000
const mostWait = 30_000

export interface FollowOptions {
  readonly url: string
  readonly channels: readonly string[]
  readonly since?: string | undefined
  readonly lastEventId?: string | undefined
  readonly signal: AbortSignal
  readonly onOpen: () => void
  /** The stream was lost, and is asked for again in `ms`. */
  readonly onLost: (why: string, ms: number) => void
}

/**
 * The events of a hub's channels, for as long as `signal` lasts: a stream that was lost is asked for again, from the last id.
 *
 * | state        | meaning                | leaves it by                                                                             |
 * | ------------ | ---------------------- | ---------------------------------------------------------------------------------------- |
 * | `connecting` | a request was sent     | a stream -> `streaming`; 5xx, or no answer -> `waiting`; another answer -> `failed`        |
 * | `streaming`  | events come            | end or failure of the stream -> `waiting`                                                |
 * | `waiting`    | the hub is left alone  | time -> `connecting`                                                                     |
 * | `failed`     | thrown; the last state |                                                                                          |
 *
 * The signal ends each of them. No answer to the very first request is `failed` too: then it is more likely the URL that is wrong.
 *
 * @throws {MillraceError} `option_invalid`, `hub_unreachable`, `stream_invalid`, or what the hub's refusal says
 */
export async function* follow(options: FollowOptions): AsyncGenerator<ParsedEvent, void, void> {
  const { signal, onOpen, onLost } = options
  const url = streamUrl(options)
  let lastEventId = options.lastEventId ?? ''
  let retry = defaultRetry
  let failures = 0
  let isFirst = true
  while (!signal.aborted) {
    let why: string
    let atLeast = 0
    try {
      const response = await request(url, lastEventId, signal)
      if (response.status >= 500) {
        why = (await toError(response)).message
        atLeast = Number(response.headers.get('retry-after') ?? 0) * 1000 || 0
      } else {
        const body = await toStream(response)
        isFirst = false
        failures = 0
        onOpen()
        yield* events(body, {
          lastEventId,
          onId: (id) => {
            lastEventId = id
          },
          onRetry: (ms) => {
            retry = ms
          },
        })
        why = 'the stream has ended'
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof MillraceError) throw error
      if (isFirst) throw unreachable(url, error)
      why = reasonOf(error)
    }
    const ms = waitFor(Math.max(retry * 2 ** failures++, atLeast))
    onLost(why, ms)
    // Rejects when the signal aborts, and then the loop ends.
    await delay(ms, undefined, { signal }).catch(() => undefined)
  }
}

/** A little more than asked for, by chance, so that those who lost a hub together do not come back together. */
function waitFor(ms: number): number {
  return Math.round(Math.min(ms, mostWait) * (1 + Math.random() / 4))
}

function streamUrl({ url: base, channels, since }: FollowOptions): URL {
  const url = hubUrl(base, '/sse')
  for (const channel of channels) url.searchParams.append('channel', channel)
  if (since !== undefined) url.searchParams.set('since', since)
  return url
}

function request(url: URL, lastEventId: string, signal: AbortSignal): Promise<Response> {
  // A cursor goes before `since`, so that the URL can stay as it is.
  const cursor = lastEventId === '' ? undefined : { 'last-event-id': lastEventId }
  return fetch(url, { signal, headers: { accept: 'text/event-stream', ...cursor } })
}

async function toStream(response: Response): Promise<ReadableStream<Uint8Array>> {
  if (response.status !== 200) throw await toError(response)
  const type = response.headers.get('content-type') ?? ''
  if (response.body !== null && /^text\/event-stream\b/i.test(type)) return response.body
  await response.body?.cancel()
  throw new MillraceError(
    'stream_invalid',
    `${response.url} answered with ${quote(type)} and not with a stream. Check --url.`,
  )
}
