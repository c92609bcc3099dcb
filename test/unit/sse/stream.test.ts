import { EventSource } from 'eventsource'
import { afterEach, describe, expect, it } from 'vitest'
import { encodeGap } from '../../../src/sse/control.ts'
import { encodeComment, encodeEvent, encodeRetry } from '../../../src/sse/encode.ts'
import { events } from '../../../src/sse/stream.ts'
import { cutEverywhere } from './chunks.ts'

const utf8 = new TextEncoder()

describe('events', () => {
  it('yields the events of a body, cut anywhere, and returns at its end', async () => {
    const bytes = utf8.encode('id: 1\ndata: caf\u00e9\n\nevent: b\ndata: \u{1F600}\n\ndata: unfinished')
    expect(await collect(events(toBody(cutEverywhere(bytes))))).toEqual([
      { id: '1', event: 'message', data: 'caf\u00e9', channels: [] },
      { id: '1', event: 'b', data: '\u{1F600}', channels: [] },
    ])
  })

  it('tells of ids, retries and comments by the way', async () => {
    const told: unknown[] = []
    const stream = events(toBody([utf8.encode('retry: 5\n: hello\nid: 2\n\nid: 3\n\n')]), {
      lastEventId: '2',
      onId: (id) => void told.push(id),
      onRetry: (ms) => void told.push(ms),
      onComment: (text) => void told.push(text),
    })
    await collect(stream)
    expect(told).toEqual([5, 'hello', '3'])
  })

  it('cancels the body when its reader leaves', async () => {
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(utf8.encode('data: a\n\ndata: b\n\n')),
      cancel: () => {
        cancelled = true
      },
    })
    for await (const event of events(body)) {
      expect(event.data).toBe('a')
      break
    }
    expect(cancelled).toBe(true)
    expect(body.locked).toBe(false)
  })

  it('yields what came whole before the body failed, then throws what it failed with', async () => {
    let pulls = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulls += 1
          if (pulls === 1) controller.enqueue(utf8.encode('data: a\n\n'))
          else controller.error(new Error('The line is dead.'))
        },
      },
      // Nothing is asked for ahead: an error would throw away what is queued.
      { highWaterMark: 0 },
    )
    const seen: string[] = []
    await expect(async () => {
      for await (const event of events(body)) seen.push(event.data)
    }).rejects.toThrow('The line is dead.')
    expect(seen).toEqual(['a'])
  })

  it('yields what came whole before an event that is too long, then throws and cancels the body', async () => {
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(utf8.encode(`data: a\n\ndata: ${'x'.repeat(100)}\n\n`)),
      cancel: () => {
        cancelled = true
      },
    })
    const seen: string[] = []
    await expect(async () => {
      for await (const event of events(body, { maxEventLength: 50 })) seen.push(event.data)
    }).rejects.toMatchObject({ code: 'stream_invalid' })
    expect(seen).toEqual(['a'])
    expect(cancelled).toBe(true)
  })
})

describe('a client that others wrote', () => {
  let source: EventSource | undefined

  afterEach(() => source?.close())

  it('reads what we encode', async () => {
    const stream = [
      encodeRetry(60_000),
      encodeComment('hello'),
      encodeEvent({ id: '1-0', channel: ['a', 'b'], data: ' two\r\nlines\rthree: ' }),
      encodeEvent({ id: '2-0', event: 'named', data: '{"a":1}' }),
      encodeGap({ channels: ['a'], reason: 'expired' }),
      encodeEvent({ id: '3-0', data: '' }),
    ].join('')
    const seen: unknown[] = []
    await new Promise<void>((resolve) => {
      source = new EventSource('http://millrace.test/sse', {
        fetch: async () =>
          new Response(toBody(cutEverywhere(utf8.encode(stream))), {
            headers: { 'content-type': 'text/event-stream' },
          }),
      })
      const keep = (event: MessageEvent): void => {
        seen.push([event.type, event.lastEventId, event.data])
        if (event.lastEventId === '3-0') resolve()
      }
      source.onmessage = keep
      source.addEventListener('named', keep)
      source.addEventListener('millrace:gap', (event) => void seen.push([event.type, event.data]))
    })
    expect(seen).toEqual([
      ['message', '1-0', ' two\nlines\nthree: '],
      ['named', '2-0', '{"a":1}'],
      ['millrace:gap', '{"reason":"expired","channels":["a"]}'],
      ['message', '3-0', ''],
    ])
  })
})

function toBody(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(Uint8Array.from(chunk))
      controller.close()
    },
  })
}

async function collect<Item>(source: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of source) items.push(item)
  return items
}
