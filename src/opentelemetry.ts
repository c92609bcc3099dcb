export { type TraceOptions, traceMillrace } from './opentelemetry/trace-millrace.ts'
