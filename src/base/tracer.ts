import type { Trace } from './trace.ts'
import type { Deliver, Operations } from './watched.ts'

/**
 * Who makes spans of what happens here. Beside `diagnostics_channel`, whose subscribers are told of what happens but cannot run it
 * inside of something, as a span that is to be the active one has to. `millrace/opentelemetry` installs one.
 *
 * What it watches must not fail by it: nothing here may throw, except what `run` throws.
 */
export interface Tracer {
  /** MUST call `run` once, in the same turn, and MUST settle as it does. */
  around<Name extends keyof Operations, Result>(
    name: Name,
    message: Operations[Name],
    run: () => Promise<Result>,
  ): Promise<Result>
  delivered(message: Deliver): void
  /** The trace of what runs now. */
  current(): Trace | undefined
  /** Runs what continues a trace that came from outside; where something traces this already, that counts. */
  within<Result>(trace: Trace, run: () => Result): Result
}

let installed: Tracer | undefined

export function tracer(): Tracer | undefined {
  return installed
}

/** From now on it traces, in place of the one before, until the returned function is called. */
export function install(next: Tracer): () => void {
  installed = next
  return () => {
    if (installed === next) installed = undefined
  }
}

/** What is to be carried along with what is made now, or undefined where nobody traces. */
export function currentTrace(): Trace | undefined {
  return installed?.current()
}

/** Runs something that may continue a trace from elsewhere. That is looked for only where somebody traces. */
export function withinTrace<Result>(find: () => Trace | undefined, run: () => Result): Result {
  const trace = installed === undefined ? undefined : find()
  return trace === undefined || installed === undefined ? run() : installed.within(trace, run)
}
