import { type DiagnosticsChannel, diagnostics } from './diagnostics.ts'
import { tracer } from './tracer.ts'
import type { Deliver, Operations } from './watched.ts'

/**
 * A place where what happens can be watched: by subscribers of `diagnostics_channel`, and by the tracer. Ask `isWatched` first and
 * make the message only then, so that a place which nobody watches costs the question.
 *
 * On the channels `tracing:millrace.NAME:start`, `:end`, `:asyncStart`, `:asyncEnd` and `:error`, as Node's `TracingChannel` has it.
 */
class Probe<Name extends keyof Operations> {
  readonly #name: Name
  readonly #channel: ReturnType<DiagnosticsChannel['tracingChannel']> | undefined

  constructor(name: Name) {
    this.#name = name
    this.#channel = diagnostics?.tracingChannel(`millrace.${name}`)
  }

  get isWatched(): boolean {
    return tracer() !== undefined || this.#channel?.hasSubscribers === true
  }

  /** `run` begins before this returns. */
  run<Result>(message: Operations[Name], run: () => Promise<Result>): Promise<Result> {
    const channel = this.#channel
    // Inside of the tracer, so that subscribers are called where its span is the active one.
    const told = channel?.hasSubscribers ? () => channel.tracePromise(run, message) : run
    return tracer()?.around(this.#name, message, told) ?? told()
  }
}

/** The same for what is over when it is told, on the channel `millrace.deliver`. */
class DeliverProbe {
  readonly #channel = diagnostics?.channel('millrace.deliver')

  get isWatched(): boolean {
    return tracer() !== undefined || this.#channel?.hasSubscribers === true
  }

  tell(message: Deliver): void {
    this.#channel?.publish(message)
    tracer()?.delivered(message)
  }
}

export const dispatchProbe = new Probe('dispatch')
export const listenerProbe = new Probe('listener')
export const jobAddProbe = new Probe('job.add')
export const jobRunProbe = new Probe('job.run')
export const publishProbe = new Probe('publish')
export const deliverProbe = new DeliverProbe()
