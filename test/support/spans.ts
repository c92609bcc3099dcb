import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'

export interface SpanRecorder {
  readonly provider: BasicTracerProvider
  /** Those that have ended, in order. */
  readonly spans: readonly ReadableSpan[]
  /** The one of this name that ended first. */
  span(name: string): ReadableSpan
  /** The names of the spans, each indented below its parent, in the order in which they began. */
  tree(): string[]
  clear(): void
  /** Takes OpenTelemetry's SDK off again. */
  stop(): Promise<void>
}

export interface RecorderOptions {
  /** Whether one is registered, as SDKs do: W3C Trace Context and Baggage. @default true */
  readonly propagator?: boolean
}

/** OpenTelemetry's own SDK, set up as an application does, with the spans kept here. */
export function recordSpans({ propagator = true }: RecorderOptions = {}): SpanRecorder {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  if (propagator) {
    const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()]
    propagation.setGlobalPropagator(new CompositePropagator({ propagators }))
  }
  return {
    provider,
    get spans() {
      return exporter.getFinishedSpans()
    },
    span(name) {
      const found = exporter.getFinishedSpans().find((span) => span.name === name)
      if (found === undefined) throw new Error(`No span ${name} among: ${this.tree().join(', ')}`)
      return found
    },
    tree: () => toTree(exporter.getFinishedSpans()),
    clear: () => exporter.reset(),
    async stop() {
      await provider.shutdown()
      for (const api of [trace, context, propagation]) api.disable()
    },
  }
}

/** Where a span stands in a trace, as another process can tell it. */
export interface SpanPlace {
  readonly name: string
  readonly trace: string
  readonly id: string
  readonly parent: string | undefined
}

export function placeOf(span: ReadableSpan): SpanPlace {
  const { traceId, spanId } = span.spanContext()
  return { name: span.name, trace: traceId, id: spanId, parent: span.parentSpanContext?.spanId }
}

/** The names, each indented below its parent. */
export function toTree(spans: readonly ReadableSpan[]): string[] {
  const begun = [...spans].sort(
    ({ startTime: [a, moreOfA] }, { startTime: [b, moreOfB] }) => a - b || moreOfA - moreOfB,
  )
  return placesToTree(begun.map(placeOf))
}

export function placesToTree(places: readonly SpanPlace[]): string[] {
  const known = new Set(places.map(({ id }) => id))
  const below = (parent: string | undefined, indent: string): string[] =>
    places
      .filter((place) => (parent === undefined ? !known.has(place.parent ?? '') : place.parent === parent))
      .flatMap(({ name, id }) => [`${indent}${name}`, ...below(id, `${indent}  `)])
  return below(undefined, '')
}
