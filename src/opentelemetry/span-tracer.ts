import {
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  type Tracer as SpanSource,
  SpanStatusCode,
  trace as spans,
} from '@opentelemetry/api'
import { isTrace, type Trace } from '../base/trace.ts'
import type { Tracer } from '../base/tracer.ts'
import type { Deliver, JobOutcome, Operations } from '../base/watched.ts'
import { extract, inject } from './carrier.ts'
import { deliverSpan, resultAttributes, toSpan } from './spans.ts'

/** Makes a span of each operation, which is the active one while it runs. */
export class SpanTracer implements Tracer {
  readonly #source: SpanSource
  readonly #channelNames: boolean

  constructor(source: SpanSource, channelNames: boolean) {
    this.#source = source
    this.#channelNames = channelNames
  }

  async around<Name extends keyof Operations, Result>(
    name: Name,
    message: Operations[Name],
    run: () => Promise<Result>,
  ): Promise<Result> {
    const { name: title, ...options } = toSpan(name, message, this.#channelNames)
    const parent = parentOf(name, message)
    const span = this.#source.startSpan(title, options, parent)
    try {
      const result = await context.with(spans.setSpan(parent, span), run)
      span.setAttributes(resultAttributes(name, result))
      if (name === 'job.run' && isFailure(result)) fail(span, result.error)
      return result
    } catch (error) {
      fail(span, error)
      throw error
    } finally {
      span.end()
    }
  }

  delivered(message: Deliver): void {
    // Not what other programs have published without a trace: each would be a trace of its own, of one span.
    const parent = message.trace === undefined ? undefined : extract(ROOT_CONTEXT, message.trace)
    if (parent === undefined || spans.getSpanContext(parent) === undefined) return
    const { name, ...options } = deliverSpan(message, this.#channelNames)
    const span = this.#source.startSpan(name, { ...options, startTime: message.at }, parent)
    span.end(message.at + message.duration)
  }

  current(): Trace | undefined {
    return inject(context.active())
  }

  within<Result>(trace: Trace, run: () => Result): Result {
    const active = context.active()
    // The server's own instrumentation has seen the request already, and its span is nearer.
    return spans.getSpan(active) === undefined ? context.with(extract(active, trace), run) : run()
  }
}

/** Where something was carried here that counts, and nothing of what happens to run here: a job is started by its queue's machinery. */
function parentOf(name: keyof Operations, message: Operations[keyof Operations]): Context {
  const carried = 'trace' in message ? message.trace : undefined
  if (isTrace(carried)) return extract(ROOT_CONTEXT, carried)
  return name === 'job.run' ? ROOT_CONTEXT : context.active()
}

/** Of a job's run, which does not reject. */
function isFailure(outcome: unknown): outcome is JobOutcome {
  return typeof outcome === 'object' && outcome !== null && 'kind' in outcome && outcome.kind !== 'done'
}

function fail(span: Span, error: unknown): void {
  span.recordException(error instanceof Error ? error : String(error))
  span.setAttribute('error.type', typeOf(error))
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) })
}

/** Its code, which is stable and one of few, and its class where it has none. */
function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
