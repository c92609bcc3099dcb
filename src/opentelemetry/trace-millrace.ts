import { type TracerProvider, trace } from '@opentelemetry/api'
import { install } from '../base/tracer.ts'
import { SpanTracer } from './span-tracer.ts'

export interface TraceOptions {
  /** Who makes the spans. @default the one that is registered with `@opentelemetry/api`, also if that happens later */
  readonly tracerProvider?: TracerProvider
  /**
   * Whether spans name the channels themselves (`messaging.destination.name`), and not only the patterns under which they are declared:
   * a channel's name may say who its reader is, or be known to him alone. @default false
   */
  readonly channelNames?: boolean
}

/**
 * Makes spans of what Millrace does in this process, from the dispatch of an event to the delivery of what its listeners publish, and
 * carries their context along in jobs and messages. `docs/tracing.md` lists them.
 *
 * Needs a context manager and, for other fields than `traceparent` and `tracestate`, a propagator; every OpenTelemetry SDK registers
 * both. Called again, it takes the place of what was called before.
 *
 * @returns its undo
 */
export function traceMillrace(options: TraceOptions = {}): () => void {
  const { tracerProvider = trace.getTracerProvider(), channelNames = false } = options
  return install(new SpanTracer(tracerProvider.getTracer('millrace'), channelNames))
}
