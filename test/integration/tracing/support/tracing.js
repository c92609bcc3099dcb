// Loaded first (`node --import`) by the programs whose spans a test wants to see: OpenTelemetry's SDK, as an application sets it up. Each
// span is a line of JSON in the file that SPANS_FILE names.

import { appendFileSync } from 'node:fs'
import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { traceMillrace } from 'millrace/opentelemetry'

const file = process.env.SPANS_FILE ?? ''

const exporter = {
  export(spans, done) {
    for (const span of spans) {
      const { traceId, spanId, traceState } = span.spanContext()
      const place = {
        name: span.name,
        trace: traceId,
        id: spanId,
        parent: span.parentSpanContext?.spanId,
        state: traceState?.serialize(),
        process: process.pid,
        attributes: span.attributes,
      }
      appendFileSync(file, `${JSON.stringify(place)}\n`)
    }
    done({ code: 0 })
  },
  shutdown: async () => {},
}

const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()]
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
propagation.setGlobalPropagator(new CompositePropagator({ propagators }))
traceMillrace()
