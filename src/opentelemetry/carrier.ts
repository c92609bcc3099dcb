import {
  type Context,
  createTraceState,
  isSpanContextValid,
  propagation,
  type SpanContext,
  trace as spans,
} from '@opentelemetry/api'
import { type Trace, toTrace } from '../base/trace.ts'

/** What the registered propagator says of a context; without one, W3C Trace Context. */
export function inject(from: Context): Trace | undefined {
  if (!hasPropagator()) return toTrace(toFields(spans.getSpanContext(from)))
  const fields: [string, string][] = []
  propagation.inject(from, fields, { set: (carrier, name, value) => void carrier.push([name, String(value)]) })
  return toTrace(fields)
}

/** `base`, with what a trace says of its context. */
export function extract(base: Context, trace: Trace): Context {
  if (hasPropagator()) return propagation.extract(base, trace)
  const remote = toSpanContext(trace)
  return remote === undefined ? base : spans.setSpanContext(base, remote)
}

/** The API's own, which stands there until one is registered, has no fields. */
function hasPropagator(): boolean {
  return propagation.fields().length > 0
}

function toFields(span: SpanContext | undefined): [string, string | undefined][] {
  if (span === undefined || !isSpanContextValid(span)) return []
  const flags = span.traceFlags.toString(16).padStart(2, '0')
  return [
    ['traceparent', `00-${span.traceId}-${span.spanId}-${flags}`],
    ['tracestate', span.traceState?.serialize()],
  ]
}

/** W3C Trace Context, section 3.2: later versions may add to what this one has, `ff` is none. */
const parentForm = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/

function toSpanContext({ traceparent = '', tracestate }: Trace): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = parentForm.exec(traceparent.trim()) ?? []
  const span: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
  if (!isSpanContextValid(span)) return undefined
  return tracestate === undefined ? span : { ...span, traceState: createTraceState(tracestate) }
}
