/**
 * The trace context that a message or a job carries from where it was made to where it is worked on: fields and their values, as
 * in the headers of a request. With OpenTelemetry's usual propagators these are `traceparent`, `tracestate` (W3C Trace Context) and
 * `baggage`. It is {@link maxTrace} characters of JSON at most.
 */
export type Trace = Readonly<Record<string, string>>

/**
 * Of its JSON, in characters. The standard wants a tracestate of 512 to be passed on, and a traceparent has 55. Bounded, because it is
 * kept with each message and comes from outside with each request.
 */
export const maxTrace = 1_024

/**
 * As many of the fields as a trace has room for, in their order: each is there unchanged, or not at all. (A system may drop a
 * tracestate or a baggage that is too long, and MUST NOT cut it.) Undefined where none is left.
 */
export function toTrace(fields: Iterable<readonly [name: string, value: string | undefined]>): Trace | undefined {
  const trace: Record<string, string> = {}
  // The brace before them; each has a colon, and a comma or a brace after it.
  let size = 1
  for (const [name, value] of fields) {
    if (value === undefined || value === '') continue
    const more = JSON.stringify(name).length + JSON.stringify(value).length + 2
    if (size + more > maxTrace) continue
    size += more
    trace[name] = value
  }
  return size > 1 ? trace : undefined
}

/** Whether `value`, which has come from elsewhere, is a trace. */
export function isTrace(value: unknown): value is Trace {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  if (!Object.values(value).every((field) => typeof field === 'string')) return false
  return JSON.stringify(value).length <= maxTrace
}

/** A trace that was kept as JSON, or undefined where the text is none: what observes must not break what is observed. */
export function parseTrace(text: string | undefined): Trace | undefined {
  if (text === undefined || text.length > 2 * maxTrace) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isTrace(value) ? value : undefined
  } catch {
    // Another program wrote it.
    return undefined
  }
}
