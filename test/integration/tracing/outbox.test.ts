import { trace } from '@opentelemetry/api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defineEvent } from '../../../src/events/define.ts'
import { traceMillrace } from '../../../src/opentelemetry.ts'
import { outbox } from '../../../src/outbox/outbox.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { recordSpans, type SpanRecorder } from '../../support/spans.ts'
import { until } from '../../support/until.ts'
import { createStage } from '../outbox/support/stage.ts'

const Placed = defineEvent<{ readonly order: number }>('Placed')

let server: PostgresServer
let recorder: SpanRecorder
let undo: () => void

beforeAll(async () => {
  server = await startPostgres()
  recorder = recordSpans()
  undo = traceMillrace()
})

afterAll(async () => {
  undo()
  await recorder.stop()
  await server.stop()
})

test('what an outbox keeps is dispatched in the trace of its transaction', async () => {
  const stage = await createStage(server)
  stage.events.listen(Placed, () => {}, { id: 'inline' })
  stage.relay()
  for (const order of [1, 2]) {
    await trace.getTracer('test').startActiveSpan(`POST /orders/${order}`, async (span) => {
      await stage.transact((client) => outbox(client, { table: stage.table }).dispatch(Placed({ order })))
      span.end()
    })
  }

  const ended = (name: string) => recorder.spans.filter((span) => span.name === name).length
  await until('the dispatches', async () => (ended('dispatch Placed') === 2 ? true : undefined))
  expect(recorder.tree()).toEqual([
    'POST /orders/1',
    '  dispatch Placed',
    '    listener inline',
    'POST /orders/2',
    '  dispatch Placed',
    '    listener inline',
  ])
  expect(new Set(recorder.spans.map((span) => span.spanContext().traceId)).size).toBe(2)
})
