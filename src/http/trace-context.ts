import { type Trace, toTrace } from '../base/trace.ts'
import type { HttpRequest } from './exchange.ts'

/** The headers of W3C Trace Context and W3C Baggage, the ones first that are worth more. */
const fields = ['traceparent', 'tracestate', 'baggage'] as const

/** The trace that a request is part of, as its headers say: unchecked, which is a propagator's business. */
export function readTrace(request: HttpRequest): Trace | undefined {
  return toTrace(fields.map((name) => [name, request.header(name)]))
}
