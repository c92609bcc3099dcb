import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { toStored } from '../../../src/events/stored.ts'
import {
  createEvents,
  createHub,
  defineChannel,
  defineEvent,
  type Events,
  type Hub,
  type Job,
  memory,
  memoryQueue,
} from '../../../src/index.ts'
import { traceMillrace } from '../../../src/opentelemetry.ts'
import { ManualClock, turn } from '../../support/manual-clock.ts'
import { join } from '../../support/reader.ts'
import { recordSpans, type SpanRecorder } from '../../support/spans.ts'
import { until } from '../../support/until.ts'

const Placed = defineEvent('Placed', z.object({ order: z.string() }))
const users = defineChannel('users.{user}')

let recorder: SpanRecorder
let undo: () => void
let clock: ManualClock
let events: Events
let hubs: readonly [publisher: Hub, other: Hub]
let jobs: Job[]

beforeEach(() => {
  recorder = recordSpans()
  undo = traceMillrace()
  clock = new ManualClock()
  const queue = memoryQueue({ clock })
  jobs = []
  const add = queue.add.bind(queue)
  queue.add = (job) => {
    jobs.push(job)
    return add(job)
  }
  events = createEvents({ queue, clock, onError: () => {} })
  const broker = memory()
  hubs = [createHub({ channels: [users], broker }), createHub({ channels: [users], broker })]
})

afterEach(async () => {
  undo()
  await events.close()
  for (const hub of hubs) await hub.close()
  await recorder.stop()
})

const spanned = (name: string, count = 1) =>
  until(name, async () => (recorder.spans.filter((span) => span.name === name).length >= count ? true : undefined))

/** A span of the application's own. */
function inOwnSpan<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  return trace.getTracer('test').startActiveSpan(name, (span) => work().finally(() => span.end()))
}

describe('an event that is traced', () => {
  test('is one trace from its dispatch, through the queue, to the delivery at another hub', async () => {
    const [publisher, other] = hubs
    await join(other, { channels: ['users.7'] })
    events.listen(Placed, () => inOwnSpan('write', async () => {}), { id: 'store' })
    events.listen(
      Placed,
      async ({ data }) => {
        await inOwnSpan('send', async () => {})
        await publisher.publish(users({ user: '7' }), { order: data.order })
      },
      { id: 'notify', queue: { name: 'mails' } },
    )
    await inOwnSpan('POST /orders', () => events.dispatch(Placed({ order: 'secret' })))
    await spanned('deliver users.{user}')

    expect(recorder.tree()).toEqual([
      'POST /orders',
      '  dispatch Placed',
      '    listener store',
      '      write',
      '    publish mails',
      '      process mails',
      '        listener notify',
      '          send',
      '          publish users.{user}',
      '            deliver users.{user}',
    ])
    expect(new Set(recorder.spans.map((span) => span.spanContext().traceId)).size).toBe(1)
    expect(JSON.stringify(recorder.spans.map(({ attributes }) => attributes))).not.toMatch(/secret|users\.7/)
  })

  test('says of its spans what they are', async () => {
    events.listen(Placed, () => {}, { id: 'notify', queue: { name: 'mails' } })
    const placed = Placed({ order: '1' })
    await events.dispatch(placed)
    await spanned('process mails')

    const event = { 'millrace.event.name': 'Placed', 'millrace.event.id': placed.id }
    const job = {
      ...event,
      'messaging.system': 'millrace',
      'messaging.destination.name': 'mails',
      'messaging.message.id': `${placed.id}/notify`,
      'millrace.listener': 'notify',
    }
    const of = (name: string) => [recorder.span(name).kind, recorder.span(name).attributes]
    expect(of('dispatch Placed')).toEqual([SpanKind.INTERNAL, event])
    expect(of('listener notify')).toEqual([
      SpanKind.INTERNAL,
      { ...event, 'millrace.listener': 'notify', 'millrace.attempt': 1 },
    ])
    expect(of('publish mails')).toEqual([
      SpanKind.PRODUCER,
      { ...job, 'messaging.operation.name': 'publish', 'messaging.operation.type': 'send' },
    ])
    expect(of('process mails')).toEqual([
      SpanKind.CONSUMER,
      {
        ...job,
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'millrace.attempt': 1,
        'millrace.outcome': 'done',
      },
    ])
  })

  test('has every run of a job below its publish, each with its error and what becomes of it', async () => {
    events.listen(
      Placed,
      () => {
        throw Object.assign(new Error('down'), { code: 'mail_down' })
      },
      { id: 'notify', queue: { attempts: 2, backoff: 5 } },
    )
    await events.dispatch(Placed({ order: '1' }))
    await spanned('process default')
    clock.advance(5)
    await spanned('process default', 2)

    expect(recorder.tree()).toEqual([
      'dispatch Placed',
      '  publish default',
      '    process default',
      '      listener notify',
      '    process default',
      '      listener notify',
    ])
    const runs = recorder.spans.filter(({ name }) => name === 'process default')
    expect(runs.map(({ attributes }) => attributes['millrace.outcome'])).toEqual(['retry', 'failed'])
    for (const { status, attributes, events } of recorder.spans.filter(({ name }) =>
      /^(process|listener)/.test(name),
    )) {
      expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'down' })
      expect(attributes['error.type']).toBe('mail_down')
      expect(events.map(({ name }) => name)).toEqual(['exception'])
    }
    expect(recorder.span('dispatch Placed').status.code).toBe(SpanStatusCode.UNSET)
  })

  test('has the code of what failed also where no listener ran', async () => {
    const undoListener = events.listen(Placed, () => {}, { id: 'notify', queue: { attempts: 1, delay: 5 } })
    await events.dispatch(Placed({ order: '1' }))
    undoListener()
    clock.advance(5)
    await spanned('process default')
    expect(recorder.span('process default').attributes).toMatchObject({
      'error.type': 'listener_unknown',
      'millrace.outcome': 'failed',
    })
  })

  test('whose inline listener fails has that on the listener and on the dispatch', async () => {
    events.listen(Placed, () => Promise.reject(new TypeError('no')), { id: 'broken' })
    await expect(events.dispatch(Placed({ order: '1' }))).rejects.toMatchObject({ code: 'listener_failed' })
    expect(recorder.span('listener broken').attributes['error.type']).toBe('TypeError')
    expect(recorder.span('dispatch Placed').attributes['error.type']).toBe('listener_failed')
  })

  test('carries baggage to its queued listeners', async () => {
    let seen: string | undefined
    events.listen(
      Placed,
      () => {
        seen = propagation.getActiveBaggage()?.getEntry('customer')?.value
      },
      { id: 'notify', queue: true },
    )
    const baggage = propagation.createBaggage({ customer: { value: '7 é' } })
    await context.with(propagation.setBaggage(context.active(), baggage), () => events.dispatch(Placed({ order: '1' })))
    await spanned('process default')
    expect(seen).toBe('7 é')
  })

  test('that was kept in one trace is dispatched in it later', async () => {
    events.listen(Placed, () => {}, { id: 'inline' })
    const stored = await inOwnSpan('transaction', async () => toStored(Placed({ order: '1' }), 'kept'))
    await inOwnSpan('relay', () => events.dispatchStored(JSON.parse(JSON.stringify(stored))))
    expect(recorder.tree()).toEqual(['transaction', '  dispatch Placed', '    listener inline', 'relay'])
  })

  test('whose listener is given up tells that in its trace', async () => {
    events.listen(Placed, () => Promise.reject(new Error('no')), {
      id: 'notify',
      queue: { attempts: 1 },
      onFailed: () => inOwnSpan('apologise', async () => {}),
    })
    await events.dispatch(Placed({ order: '1' }))
    await spanned('apologise')
    const idOf = (name: string) => recorder.span(name).spanContext().traceId
    expect(idOf('apologise')).toBe(idOf('dispatch Placed'))
  })
})

describe('an event that nobody traces', () => {
  test('has no spans, and a job without a trace', async () => {
    undo()
    events.listen(Placed, () => {}, { id: 'inline' })
    events.listen(Placed, () => inOwnSpan('queued', async () => {}), { id: 'queued', queue: true })
    await events.dispatch(Placed({ order: '1' }))
    await spanned('queued')
    await turn()
    expect(recorder.tree()).toEqual(['queued'])
    expect(jobs[0]?.event).not.toHaveProperty('trace')
  })

  test('is traced from the queue on where only the worker traces', async () => {
    undo()
    events.listen(Placed, () => {}, { id: 'queued', queue: { delay: 5 } })
    await events.dispatch(Placed({ order: '1' }))
    undo = traceMillrace()
    clock.advance(5)
    await spanned('process default')
    expect(recorder.tree()).toEqual(['process default', '  listener queued'])
  })
})
