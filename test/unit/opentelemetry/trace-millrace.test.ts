import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Entry } from '../../../src/broker/port.ts'
import { createHub, defineChannel, defineEvent, type Hub, memory } from '../../../src/index.ts'
import { traceMillrace } from '../../../src/opentelemetry.ts'
import { publish as publishHandler } from '../../../src/web.ts'
import { turn } from '../../support/manual-clock.ts'
import { join } from '../../support/reader.ts'
import { recordSpans, type SpanRecorder } from '../../support/spans.ts'

const Said = defineEvent<{ text: string }>('Said')
const rooms = defineChannel('rooms.{room}')

let recorder: SpanRecorder
let undo: () => void
let hub: Hub
/** What a subscriber of the broker hears, which may be another process. */
let announced: Entry[]

async function start(options: { readonly propagator?: boolean; readonly channelNames?: boolean } = {}): Promise<void> {
  await stop()
  recorder = recordSpans(options)
  undo = traceMillrace(options)
  const broker = memory()
  announced = []
  const ignore = () => {}
  const following = broker.attach({
    onEntry: (entry) => announced.push(entry),
    onInterrupted: ignore,
    onResumed: ignore,
    onError: ignore,
  })
  await following.follow('rooms.1')
  hub = createHub({ channels: [rooms, defineChannel('news')], broker })
}

async function stop(): Promise<void> {
  undo?.()
  await recorder?.stop()
  await hub?.close()
}

beforeEach(() => start())
afterEach(stop)

/** Runs `work` in a span of the application's own. */
function inSpan<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  return trace.getTracer('test').startActiveSpan(name, async (span) => {
    try {
      return await work()
    } finally {
      span.end()
    }
  })
}

describe('a publish that is traced', () => {
  test('is a span of what publishes, and the delivery is one of the publish', async () => {
    await join(hub, { channels: ['rooms.1'] })
    await join(hub, { channels: ['rooms.1'] })
    const position = await inSpan('work', () =>
      hub.publish(rooms({ room: '1' }), Said({ text: 'secret' }), { key: 'secret key', id: 'secret id' }),
    )
    await turn()

    expect(recorder.tree()).toEqual(['work', '  publish rooms.{room}', '    deliver rooms.{room}'])
    const common = {
      'messaging.system': 'millrace',
      'messaging.destination.template': 'rooms.{room}',
      'messaging.message.id': position,
      'millrace.event.name': 'Said',
    }
    const publish = recorder.span('publish rooms.{room}')
    expect([publish.kind, publish.attributes]).toEqual([
      SpanKind.PRODUCER,
      { ...common, 'messaging.operation.name': 'publish', 'messaging.operation.type': 'send' },
    ])
    const deliver = recorder.span('deliver rooms.{room}')
    expect([deliver.kind, deliver.attributes]).toEqual([
      SpanKind.CONSUMER,
      {
        ...common,
        'messaging.operation.name': 'deliver',
        'messaging.operation.type': 'process',
        'millrace.subscribers': 2,
      },
    ])
    expect(deliver.duration[0] * 1e9 + deliver.duration[1]).toBeGreaterThan(0)
    expect(deliver.parentSpanContext?.isRemote).toBe(true)
    expect(recorder.spans.every(({ status }) => status.code === SpanStatusCode.UNSET)).toBe(true)
    const attributes = JSON.stringify(recorder.spans.map((span) => [span.attributes, span.events]))
    expect(attributes).not.toMatch(/secret|rooms\.1/)
  })

  test('carries its trace in the message, and none to a subscriber', async () => {
    const reader = await join(hub, { channels: ['rooms.1'] })
    await hub.publish(rooms({ room: '1' }), 'x')
    await turn()
    const { traceId, spanId } = recorder.span('publish rooms.{room}').spanContext()
    expect(announced[0]?.trace).toEqual({ traceparent: `00-${traceId}-${spanId}-01` })
    expect(reader.text).not.toContain(traceId)
  })

  test('names the channels too where that is wanted', async () => {
    await start({ channelNames: true })
    await join(hub, { channels: ['rooms.2'] })
    await hub.publish(['rooms.2', 'rooms.3', 'news'], 'x')
    await turn()
    expect(recorder.tree()).toEqual(['publish rooms.{room},news', '  deliver rooms.{room}'])
    const nameOf = (name: string) => recorder.span(name).attributes['messaging.destination.name']
    expect(nameOf('publish rooms.{room},news')).toBe('rooms.2,rooms.3,news')
    expect(nameOf('deliver rooms.{room}')).toBe('rooms.2')
  })

  test('that fails says so, with the code', async () => {
    const broker = memory()
    const closed = createHub({ channels: [rooms], broker })
    await broker.close()
    await expect(closed.publish(rooms({ room: '1' }), 'x')).rejects.toMatchObject({ code: 'broker_closed' })
    const { status, attributes, events } = recorder.span('publish rooms.{room}')
    expect(status.code).toBe(SpanStatusCode.ERROR)
    expect(attributes['error.type']).toBe('broker_closed')
    expect(events).toMatchObject([{ name: 'exception', attributes: { 'exception.type': 'broker_closed' } }])
    await closed.close()
  })

  test('keeps what came with the trace: the state of other systems, and baggage', async () => {
    await join(hub, { channels: ['rooms.1'] })
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
    const headers = { traceparent, tracestate: 'other=1,rojo=2', baggage: 'customer=7;new' }
    const parent = propagation.extract(context.active(), headers)
    await context.with(parent, () => hub.publish(rooms({ room: '1' }), 'x'))
    await turn()
    const { tracestate, baggage } = announced[0]?.trace ?? {}
    expect([tracestate, baggage]).toEqual([headers.tracestate, headers.baggage])
    const publish = recorder.span('publish rooms.{room}')
    expect(publish.parentSpanContext?.spanId).toBe('2'.repeat(16))
    expect(recorder.span('deliver rooms.{room}').spanContext().traceState?.serialize()).toBe(headers.tracestate)
  })

  test('is carried as W3C Trace Context also where no propagator is registered', async () => {
    await start({ propagator: false })
    await join(hub, { channels: ['rooms.1'] })
    await hub.publish(rooms({ room: '1' }), 'x')
    await turn()
    expect(recorder.tree()).toEqual(['publish rooms.{room}', '  deliver rooms.{room}'])
    expect(Object.keys(announced[0]?.trace ?? {})).toEqual(['traceparent'])
  })

  test('by a program that has no trace is delivered without a span', async () => {
    await join(hub, { channels: ['rooms.1'] })
    undo()
    await hub.publish(rooms({ room: '1' }), 'x')
    undo = traceMillrace()
    await turn()
    expect(recorder.spans).toEqual([])
  })
})

describe('a publish over HTTP', () => {
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

  function post(headers: Record<string, string>): Promise<Response> {
    const body = JSON.stringify([
      { channel: 'rooms.1', data: 1 },
      { channel: 'news', data: 2 },
    ])
    const request = new Request('http://localhost/publish', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })
    return publishHandler(hub)(request)
  }

  test.each([true, false])('continues the trace of its request (propagator: %s)', async (propagator) => {
    await start({ propagator })
    expect((await post({ traceparent, tracestate: 'a=1' })).status).toBe(200)
    expect(recorder.spans).toHaveLength(2)
    for (const { parentSpanContext } of recorder.spans) {
      expect(parentSpanContext).toMatchObject({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isRemote: true })
      expect(parentSpanContext?.traceState?.get('a')).toBe('1')
    }
    expect(announced[0]?.trace?.tracestate).toBe('a=1')
  })

  test('is a part of what the server traces itself, where it does', async () => {
    await inSpan('POST /publish', () => post({ traceparent }))
    expect(recorder.tree()).toEqual(['POST /publish', '  publish rooms.{room}', '  publish news'])
  })

  test.each([
    '',
    'x',
    `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
    `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    `00-${'a'.repeat(32)}-${'b'.repeat(16)}`,
  ])('begins a trace of its own where the header is none: %j', async (header) => {
    await start({ propagator: false })
    expect((await post({ traceparent: header })).status).toBe(200)
    expect(recorder.spans[0]?.parentSpanContext).toBeUndefined()
  })

  test('carries nothing of the headers where nobody traces', async () => {
    undo()
    expect((await post({ traceparent })).status).toBe(200)
    expect(announced[0]?.trace).toBeUndefined()
    expect(recorder.spans).toEqual([])
  })
})

describe('tracing', () => {
  test('that is undone makes no span and adds nothing to a message', async () => {
    await join(hub, { channels: ['rooms.1'] })
    undo()
    await inSpan('work', () => hub.publish(rooms({ room: '1' }), 'x'))
    await turn()
    expect(recorder.tree()).toEqual(['work'])
    expect(announced[0]?.trace).toBeUndefined()
  })

  test('that is begun again takes the place of what was begun before', async () => {
    const before = undo
    undo = traceMillrace({ tracerProvider: recorder.provider })
    before()
    await hub.publish(rooms({ room: '1' }), 'x')
    expect(recorder.tree()).toEqual(['publish rooms.{room}'])
  })
})
