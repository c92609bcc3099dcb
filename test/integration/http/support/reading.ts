import { createParser, type ParsedEvent } from '../../../../src/sse/parse.ts'
import { until } from '../../../support/until.ts'

/** A stream that is being read. */
export interface Reading {
  readonly response: Response
  readonly text: string
  readonly events: readonly ParsedEvent[]
  /** Last event ids, in the order in which they were told. */
  readonly ids: readonly string[]
  readonly retries: readonly number[]
  readonly isOver: boolean
  /** Resolves when so many events have come, with them. */
  untilEvents(count: number): Promise<readonly ParsedEvent[]>
  untilOver(): Promise<void>
  /** Goes away, as a reader does who closes the page. */
  leave(): void
}

export function read(response: Response, leave: () => void): Reading {
  const events: ParsedEvent[] = []
  const ids: string[] = []
  const retries: number[] = []
  const parser = createParser({
    onEvent: (event) => void events.push(event),
    onId: (id) => void ids.push(id),
    onRetry: (ms) => void retries.push(ms),
  })
  const decoder = new TextDecoder()
  let text = ''
  let isOver = false
  const pump = async () => {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      parser.pushBytes(chunk)
    }
  }
  void pump()
    // A stream that we have left ends with an error.
    .catch(() => undefined)
    .finally(() => {
      isOver = true
    })

  return {
    response,
    events,
    ids,
    retries,
    leave,
    get text() {
      return text
    },
    get isOver() {
      return isOver
    },
    untilEvents: (count) => until(`${count} events`, async () => (events.length >= count ? events : undefined)),
    untilOver: () => until('the end of the stream', async () => isOver || undefined).then(() => {}),
  }
}
